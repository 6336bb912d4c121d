//! A sandbox's commits, merges and remote.

use std::fs;
use std::path::Path;
use tempfile::TempDir;
use windlass_testkit::{Error, ErrorKind, Remote, Sandbox, Shell};

const BRANCHES: &[&str] = &["main", "develop"];

fn source() -> TempDir {
    let source = TempDir::new().unwrap();
    for (path, text) in [
        (".gitignore", "*.pyc\n.venv/\n"),
        ("apps/web/src/server.py", "print()\n"),
        ("apps/web/src/server.pyc", "compiled"),
        ("apps/web/.venv/bin/python", "binary"),
        ("secret.txt", "not asked for"),
    ] {
        let path = source.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    source
}

fn sandbox(folder: &Path) -> Sandbox {
    let remote = Remote::folder(&folder.join("remote.git"));
    Sandbox::new(
        folder,
        source().path(),
        &["apps", ".gitignore"],
        BRANCHES,
        remote,
    )
    .unwrap()
}

/// A change on develop, carried to main; the remote's references.
fn story(folder: &Path) -> Result<Vec<String>, Error> {
    let sandbox = sandbox(folder);
    sandbox.tag_start("web/v1.0.0")?;
    sandbox.commit(
        "develop",
        "develop",
        "feat: more",
        "apps/web/src/more.txt",
        "more\n",
    )?;
    sandbox.push(&["refs/heads/develop".to_owned()])?;
    sandbox.merge("develop", "main")?;
    sandbox.push(&["refs/heads/main".to_owned()])?;
    sandbox.fetch()?;
    let mut told: Vec<String> = sandbox
        .remote()
        .references()?
        .into_iter()
        .map(|(name, id)| format!("{id} {name}"))
        .collect();
    told.extend(
        sandbox
            .commits(&["develop", "main"])?
            .into_iter()
            .map(|line| format!("{}: {} {}", line.branch, line.author, line.subject)),
    );
    Ok(told)
}

#[test]
fn the_same_story_gives_the_same_commits() {
    let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let told = story(one.path()).unwrap();
    assert_eq!(told, story(two.path()).unwrap());
    let told: Vec<&str> = told
        .iter()
        .map(|line| line.split_once(' ').unwrap().1)
        .collect();
    insta::assert_snapshot!(told.join("\n"), @"
    refs/heads/develop
    refs/heads/main
    refs/tags/web/v1.0.0
    developer feat: more
    developer Merge branch 'develop' into main
    ");
}

#[test]
fn what_git_ignores_is_not_copied() {
    let folder = TempDir::new().unwrap();
    let sandbox = sandbox(folder.path());
    let tree = sandbox.clone_for_developer("main").unwrap();
    sandbox.fetch().unwrap();
    assert!(tree.join("apps/web/src/server.py").is_file());
    for absent in ["apps/web/src/server.pyc", "apps/web/.venv", "secret.txt"] {
        assert!(!tree.join(absent).exists(), "{absent}");
    }
    assert_eq!(sandbox.list("main", "apps"), ["web"]);
    assert_eq!(
        sandbox.read("main", "apps/web/src/server.py").as_deref(),
        Some("print()\n")
    );
    assert_eq!(sandbox.read("main", "secret.txt"), None);
}

#[test]
fn a_checkout_is_a_clone_at_the_commit_that_was_pushed() {
    let folder = TempDir::new().unwrap();
    let sandbox = sandbox(folder.path());
    sandbox.tag_start("web/v1.0.0").unwrap();
    sandbox
        .commit("develop", "develop", "feat: more", "more.txt", "more\n")
        .unwrap();
    sandbox.push(&["refs/heads/develop".to_owned()]).unwrap();
    sandbox.fetch().unwrap();
    let references = sandbox.remote().references().unwrap();
    for (reference, more) in [
        ("refs/heads/develop", true),
        ("refs/tags/web/v1.0.0", false),
    ] {
        let event = sandbox
            .pushed(reference, None, &references[reference])
            .unwrap();
        let clone = folder.path().join(event.short_name().replace('/', "-"));
        sandbox.check_out(&event, &clone).unwrap();
        assert_eq!(clone.join("more.txt").exists(), more, "{reference}");
        let head = fs::read_to_string(clone.join(".git/HEAD")).unwrap();
        let expected = if more {
            "ref: refs/heads/develop"
        } else {
            references[reference].as_str()
        };
        assert_eq!(head.trim_end(), expected);
    }
}

#[test]
fn a_merge_of_the_same_lines_is_refused() {
    let folder = TempDir::new().unwrap();
    let sandbox = sandbox(folder.path());
    for branch in BRANCHES {
        sandbox
            .commit(branch, branch, "feat: more", "more.txt", branch)
            .unwrap();
        sandbox.push(&[format!("refs/heads/{branch}")]).unwrap();
    }
    let error = sandbox.merge("develop", "main").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Repository);
    assert_eq!(
        error.to_string(),
        "`develop` and `main` changed the same lines"
    );
}

#[test]
fn a_remote_with_branches_of_its_own_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let first = sandbox(&folder.path().join("first"));
    let remote = Remote::at(first.remote().url(), None).unwrap();
    let second = folder.path().join("second");
    let Err(error) = Sandbox::new(&second, source().path(), &["apps"], BRANCHES, remote) else {
        panic!("the remote has branches");
    };
    assert!(
        error
            .to_string()
            .ends_with("has `refs/heads/develop` already"),
        "{error}"
    );
}

#[test]
fn a_remote_that_is_not_there_is_the_worlds_fault() {
    let folder = TempDir::new().unwrap();
    let remote = Remote::at("http://127.0.0.1:1/none.git", None).unwrap();
    let Err(error) = Sandbox::new(folder.path(), source().path(), &["apps"], BRANCHES, remote)
    else {
        panic!("nothing answers there");
    };
    assert_eq!(error.kind(), ErrorKind::Remote);
}

#[test]
fn a_shell_stays_where_the_last_line_went() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("inner")).unwrap();
    let path = std::env::var("PATH").unwrap();
    let environment = [("PATH".to_owned(), path)].into();
    let mut shell = Shell::new(
        folder.path().to_owned(),
        folder.path().join("logs"),
        environment,
    );
    assert_eq!(shell.type_line("cd inner && echo there").unwrap(), "there");
    shell.type_line("touch here").unwrap();
    assert!(folder.path().join("inner/here").exists());
    let error = shell.type_line("echo no >&2; exit 3").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Step(3));
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "no");
}
