"""Weights of an earlier training; the name at the top is the program's."""

read_weights = None


def load_weights(network, path, role, replaced):
    """Fills a network from a file, but for layers that start anew."""
    for name, values in read_weights(path).items():
        network_name, layer, *rest = name.split("/")
        if network_name == role and layer not in replaced:
            wanted = {layer, *rest}
            for weight in network.weights:
                places = weight.path.split("/")
                if places[-1] == rest[-1] and wanted.issubset(places):
                    weight.assign(values)
