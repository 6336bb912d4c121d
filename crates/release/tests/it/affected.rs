//! Which applications a push touches.

use crate::repo::{Repo, shared};
use windlass_release::{Layout, Since, affected, affected_by_tag};

const ZEROS: &str = "0000000000000000000000000000000000000000";

fn touched(repo: &Repo, since: Since<'_>) -> String {
    affected(&repo.open(), since, "HEAD", &Layout::default())
        .unwrap()
        .join(" ")
}

#[test]
fn a_push_touches_the_applications_whose_files_it_changes() {
    for (line, expected) in [
        ("x | apps/api/src/a", "api"),
        ("x | apps/api/k8s/overlays/dev/kustomization.yaml", "api"),
        ("x | apps/api/README.md apps/web/README.md", "api web"),
        ("x | -apps/web/Dockerfile apps/web/k8s/base.yaml", "web"),
        ("x | README.md argo/apps/api-dev.yaml apps/notes.txt", ""),
        ("x | apps/new/Dockerfile", "new"),
        ("x | apps/new/k8s/base/kustomization.yaml", "new"),
        ("x | apps/new/k8s", ""),
        ("x | apps/new/notes.md", ""),
        ("x | apps/.template/Dockerfile", ""),
        ("x | -apps/web/Dockerfile", ""),
        ("x | windlass.yaml", "api web"),
        ("x | .github/workflows/main.yml", "api web"),
        ("x | .github/actions/build/action.yml", "api web"),
        ("x | .github/CODEOWNERS", ""),
        ("x | none", ""),
    ] {
        let repo = Repo::new();
        let base = repo.head().to_string();
        repo.run(line);
        assert_eq!(touched(&repo, Since::Common(&base)), expected, "{line}");
        assert_eq!(touched(&repo, Since::Exactly(&base)), expected, "{line}");
    }
}

#[test]
fn a_base_that_is_not_known_means_all() {
    let repo = Repo::script("x | README.md");
    for base in [
        ZEROS,
        "1234567890123456789012345678901234567890",
        "",
        "no-such-branch",
    ] {
        assert_eq!(touched(&repo, Since::Common(base)), "api web", "{base}");
        assert_eq!(touched(&repo, Since::Exactly(base)), "api web", "{base}");
    }
}

#[test]
fn branches_are_compared_with_what_they_have_in_common_or_exactly() {
    let repo = Repo::script(
        "x | README.md \n branch topic \n y | apps/api/src/a \n switch main \n z | apps/web/src/a \n switch topic",
    );
    assert_eq!(touched(&repo, Since::Common("main")), "api");
    assert_eq!(touched(&repo, Since::Exactly("main")), "api web");
    let orphan = repo.git.find_commit(repo.head()).unwrap();
    let author = orphan.author();
    let alone = repo.git.commit(
        None,
        &author,
        &author,
        "alone",
        &orphan.tree().unwrap(),
        &[],
    );
    assert_eq!(
        touched(&repo, Since::Common(&alone.unwrap().to_string())),
        "api web"
    );
}

#[test]
fn shared_paths_touch_their_applications() {
    let layout = Layout {
        shared: shared("libs/auth/", Some("web")),
        ..Layout::default()
    };
    let repo = Repo::new();
    let base = repo.head().to_string();
    repo.run("x | libs/auth/a.py");
    let found = affected(&repo.open(), Since::Common(&base), "HEAD", &layout).unwrap();
    assert_eq!(found, ["web"]);
}

#[test]
fn applications_may_lie_at_the_root() {
    let layout = Layout {
        apps: ".".to_owned(),
        ..Layout::default()
    };
    let repo = Repo::new();
    repo.run("x | one/Dockerfile two/Dockerfile");
    let base = repo.head().to_string();
    repo.run("x | two/src/a");
    let found = affected(&repo.open(), Since::Common(&base), "HEAD", &layout).unwrap();
    assert_eq!(found, ["two"]);
}

#[test]
fn a_version_tag_touches_its_application() {
    let by_tag = |repo: &Repo, tag: &str| {
        let found = affected_by_tag(&repo.open(), tag, "HEAD", &Layout::default());
        found.map_err(|error| error.kind())
    };
    let two = Repo::new();
    assert_eq!(by_tag(&two, "api/v1.4.0").unwrap(), ["api"]);
    assert!(by_tag(&two, "v1.4.0").is_err());
    assert!(by_tag(&two, "gone/v1.4.0").is_err());
    assert!(by_tag(&two, "api/v1.4").is_err());
    let one = Repo::with_apps(&["api"]);
    assert_eq!(by_tag(&one, "v1.4.0").unwrap(), ["api"]);
}
