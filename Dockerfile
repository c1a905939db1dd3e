# The same system in one container: broker, service, workers and Node-RED. compose.yaml makes a container of each part.
#   docker build -t authorgan .
#   docker run --rm -p 127.0.0.1:1880:1880 -p 127.0.0.1:5050:5050 -e AUTHORGAN_API_KEY=choose-one -v authorgan:/var/lib/authorgan authorgan
FROM node:22-bookworm-slim AS palette
WORKDIR /app/node-red-contrib-authorgan
COPY node-red-contrib-authorgan/package.json node-red-contrib-authorgan/package-lock.json node-red-contrib-authorgan/.npmrc ./
RUN npm install --no-save --no-audit --no-fund
COPY node-red-contrib-authorgan ./

FROM python:3.11-slim-bookworm
# A build argument, so that a machine with a CUDA card can leave it empty.
ARG PIP_EXTRA_INDEX_URL
# all: also TensorFlow and JAX, for the Keras driver.
ARG DRIVERS
# What else the service is to find, such as psycopg[binary] for PostgreSQL or s3fs for an object store.
ARG EXTRA_PACKAGES
COPY --from=palette /usr/local/bin/node /usr/local/bin/node
RUN useradd --create-home --uid 1000 authorgan && install -d -o authorgan -g authorgan /var/lib/authorgan
WORKDIR /app
COPY requirements.txt requirements-all.txt ./
RUN pip install --no-cache-dir -r requirements${DRIVERS:+-$DRIVERS}.txt $EXTRA_PACKAGES
COPY --from=palette /app/node-red-contrib-authorgan ./node-red-contrib-authorgan
COPY spec ./spec
COPY drivers ./drivers
COPY service ./service
COPY flows ./flows
USER authorgan
# Inside the container the ports must be reachable from outside it, so an API key is asked for at start.
ENV AUTHORGAN_HOME=/var/lib/authorgan AUTHORGAN_HOST=0.0.0.0 PYTHONUNBUFFERED=1
VOLUME /var/lib/authorgan
EXPOSE 1880 5050
HEALTHCHECK --interval=15s --timeout=3s --start-period=60s CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:5050/readyz', timeout=2)"
STOPSIGNAL SIGTERM
CMD ["python", "-m", "service", "up"]
