/** The service's own `resolve`, in a Python process without the service around it. */
const { spawn } = require("node:child_process")
const path = require("node:path")
const readline = require("node:readline")

const project = path.resolve(__dirname, "../../..")
const PROGRAM = `
import json, sys
from spec import SpecError, catalogue, resolve, zoo
def answer(ask):
    if ask == "zoo":
        return dict(zoo.load())
    if ask == "families":
        return {kind: [name for name in catalogue.load()[kind] if name != "custom"] for kind in ("generators", "discriminators")}
    try:
        resolved = resolve(ask)
        return {"spec": resolved, "hash": resolved.sha256()}
    except SpecError as error:
        return {"problems": error.problems}
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
`

class Resolver {
    constructor() {
        this.process = spawn(path.join(project, ".venv/bin/python"), ["-c", PROGRAM], {
            cwd: project,
            stdio: ["pipe", "pipe", "inherit"]
        })
        this.answers = readline.createInterface({ input: this.process.stdout })[Symbol.asyncIterator]()
    }

    /** One question at a time: a spec, "zoo" or "families". */
    async ask(question) {
        this.process.stdin.write(`${JSON.stringify(question)}\n`)
        const { value, done } = await this.answers.next()
        if (done) throw new Error("The resolver ended.")
        return JSON.parse(value)
    }

    /** { spec, hash } of a spec that is right. */
    async resolve(spec) {
        const answer = await this.ask(spec)
        if (answer.problems) throw new Error(answer.problems.map(({ message }) => message).join("\n"))
        return answer
    }

    stop() {
        this.process.stdin.end()
    }
}

module.exports = { Resolver }
