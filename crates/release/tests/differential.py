#!/usr/bin/env python3
"""Hold release-next to `git-cliff --bumped-version` on generated linear histories.

    tests/differential.py GIT_CLIFF RELEASE_NEXT [HOW_MANY]

Every commit changes the image, so that both give each at least a patch. Below 1.0.0 git-cliff is
told to make a breaking change a minor version. Messages on which the two part by their rules
(reverts, `feat:x`, `BREAKING CHANGE #1`) are left out.
"""
import random
import subprocess
import sys
import tempfile

MESSAGES = [
    "feat: a", "feat: b", "fix: c", "fix: d", "chore: e", "docs: f", "perf: g", "style: h", "ci: i",
    "revert: j", "build(deps): k", "test: l", "Update m", "Feat(N): o", "feat(p)!: q", "refactor!: r",
    "fix: s\n\nBREAKING CHANGE: t",
    "fix: s\n\nbody\n\nRefs #1\nBREAKING-CHANGE: t",
    "fix: s\n\nBREAKING CHANGE: t\n\nin two paragraphs",
    "feat: u\n\nReviewed-by: v",
    "fix: w\n\nprose says BREAKING CHANGE: no",
    "fix: w\n\nbody\nBREAKING CHANGE: inside a paragraph",
    "fix: w\n\nbreaking change: x",
]
CONFIG = """[git]
conventional_commits = true
filter_unconventional = false
tag_pattern = "^shop/v[0-9]"
[bump]
features_always_bump_minor = true
breaking_always_bump_major = {}
initial_tag = "shop/v0.1.0"
"""


def history(choice):
    """A stream for git fast-import, and the major version that it starts from."""
    count, major = choice.randint(2, 14), choice.choice([0, 1, 1, 2])
    tagged = choice.choice([None, *range(1, count)])
    stream = []
    for mark in range(1, count + 1):
        message = choice.choice(MESSAGES)
        date = 1_700_000_000 + 60 * mark
        stream.append(
            f"commit refs/heads/main\nmark :{mark}\ncommitter A <a@example.com> {date} +0000\n"
            f"data {len(message)}\n{message}\nM 644 inline apps/shop/Dockerfile\ndata {len(str(mark))}\n{mark}\n"
        )
        if mark == tagged:
            name = f"shop/v{major}.{choice.randint(1, 12)}.{choice.randint(0, 12)}"
            stream.append(f"tag {name}\nfrom :{mark}\ntagger A <a@example.com> {date} +0000\ndata 1\nx\n")
    return "".join(stream), major


def answers(cliff, release_next, seed):
    stream, major = history(random.Random(seed))
    with tempfile.TemporaryDirectory() as folder:
        def run(*command, **more):
            return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, **more).stdout.strip()

        run("git", "init", "-q", "-b", "main")
        run("git", "fast-import", "--quiet", input=stream)
        with open(f"{folder}/cliff.toml", "w") as config:
            config.write(CONFIG.format("true" if major else "false"))
        theirs = run(cliff, "--config", "cliff.toml", "--bumped-version")
        ours = run(release_next, "--app", "shop", "--branch", "main")
    return theirs, f"shop/v{ours}"


def main():
    cliff, release_next, count = sys.argv[1], sys.argv[2], int((sys.argv[3:] or ["200"])[0])
    parted = 0
    for seed in range(count):
        theirs, ours = answers(cliff, release_next, seed)
        if theirs != ours:
            parted += 1
            print(f"history {seed}: git-cliff {theirs}, release-next {ours}")
    print(f"{count - parted} of {count} histories agree")
    return 1 if parted else 0


if __name__ == "__main__":
    sys.exit(main())
