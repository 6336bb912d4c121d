"""Histories of many commits, made anew each time by `git fast-import`."""
import random
import subprocess

MESSAGES = [
    "feat: add a page", "fix: mend the form", "docs: tell how it is used", "chore: tidy up",
    "build: newer flask", "Update the page", "refactor: move the form", "test: hold the form",
]
FILES = ["src/server.py", "src/requirements.txt", "k8s/base/deployment.yaml", "test/test_server.py", "README.md"]
START = 1_400_000_000


def commit(mark, branch, message, changes, parents=()):
    body = f"{message}\n\nWhy it is so, in a sentence or two as people write them, number {mark}.\n"
    lines = [f"commit refs/heads/{branch}", f"mark :{mark}", f"committer A <a@example.com> {START + 600 * mark} +0000"]
    lines += [f"data {len(body)}", body.rstrip("\n")]
    lines += [f"{word} :{parent}" for word, parent in zip(("from", "merge"), parents)]
    for path, text in changes:
        lines += [f"M 644 inline {path}", f"data {len(text)}", text]
    return "\n".join(lines) + "\n"


def app(number):
    return f"service-{number:03}"


def stream(apps, commits, tags):
    """A commit changes one application; every twentieth is made beside the one before and merged
    by the next. The tags are spread over the commits and over all applications but the first two:
    the first has its only one a hundredth of the commits before the end, the second has none."""
    choice = random.Random(1)
    first = [(f"apps/{app(n)}/{file}", f"{n} {file}\n") for n in range(apps) for file in ["Dockerfile", *FILES]]
    yield commit(1, "main", "chore: begin", first)
    versions = [0] * apps
    main, side = 1, None
    for mark in range(2, commits + 1):
        path = f"apps/{app(choice.randrange(apps))}/{choice.choice(FILES)}"
        change = (path, f"{path} {mark}\n")
        if mark % 20 == 0 and mark < commits:
            side = (mark, change)
            yield commit(mark, "side", choice.choice(MESSAGES), [change], [main])
        elif side:
            yield commit(mark, "main", "Merge branch 'side'", [side[1]], [main, side[0]])
            main, side = mark, None
        else:
            yield commit(mark, "main", choice.choice(MESSAGES), [change], [main])
            main = mark
        if mark == commits - commits // 100:
            yield f"reset refs/tags/{app(0)}/v1.0.0\nfrom :{main}\n\n"
        elif mark * tags // commits != (mark - 1) * tags // commits:
            owner = choice.randrange(2, apps)
            versions[owner] += 1
            yield f"tag {app(owner)}/v1.{versions[owner]}.0\nfrom :{main}\ntagger A <a@example.com> {START} +0000\ndata 1\nx\n"
    yield "reset refs/heads/side\nfrom 0000000000000000000000000000000000000000\n\n"


def history(folder, apps, commits, tags):
    """A bare repository, packed as a server packs it and without a commit-graph."""
    git = ["git", "-C", folder, "-c", "core.commitGraph=false", "-c", "pack.threads=1"]
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    importer = subprocess.Popen([*git, "fast-import", "--quiet"], stdin=subprocess.PIPE, text=True)
    for text in stream(apps, commits, tags):
        importer.stdin.write(text)
    importer.stdin.close()
    if importer.wait():
        raise SystemExit("git fast-import failed")
    subprocess.run([*git, "-c", "gc.writeCommitGraph=false", "gc", "--quiet", "--prune=now"], check=True)
    return folder
