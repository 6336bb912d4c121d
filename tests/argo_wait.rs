//! `argo-wait`: flags, exit codes, and what it says where there is no cluster.

use insta::assert_snapshot;
use std::fs;
use std::net::TcpListener;
use std::process::Command;

const WAIT: &str = env!("CARGO_BIN_EXE_argo-wait");
const COMMIT: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A kubeconfig of a cluster that is not there: of a port that nobody listens at.
    fn kubeconfig(&self) {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: away\nclusters:\n- name: away\n  cluster: {{server: \"http://127.0.0.1:{port}\"}}\n\
             contexts:\n- name: away\n  context: {{cluster: away, user: me}}\nusers:\n- name: me\n  user: {{token: hunter2}}\n"
        );
        fs::write(self.0.path().join("kubeconfig"), text).unwrap();
    }

    fn run(&self, words: &str) -> String {
        let output = Command::new(WAIT)
            .args(words.split_whitespace())
            .current_dir(self.0.path())
            .env_clear()
            .env("HOME", self.0.path())
            .env("GITHUB_STEP_SUMMARY", self.0.path().join("summary"))
            .env("GITHUB_OUTPUT", self.0.path().join("outputs"))
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        format!(
            "{}\n{}{}",
            output.status.code().unwrap(),
            text(&output.stdout),
            text(&output.stderr)
        )
    }
}

#[test]
fn a_cluster_that_is_not_there() {
    let desk = Desk::new();
    desk.kubeconfig();
    let words = format!(
        "--commit {COMMIT} --app shop --repo https://example.com/repo --kubeconfig kubeconfig --timeout 2"
    );
    let shown = desk.run(&words);
    assert!(shown.starts_with("3\n"), "{shown}");
    assert!(shown.contains("cannot read the Applications: "), "{shown}");
    assert!(
        shown.contains("error: not live after 2 seconds\n  | `shop`: it was not asked for yet\n"),
        "{shown}"
    );
    assert!(!shown.contains("hunter2"), "{shown}");
    let summary = fs::read_to_string(desk.0.path().join("summary")).unwrap();
    assert_snapshot!(summary, @r"
    ### `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` is not live

    | Application | | |
    | --- | --- | --- |
    | shop | waiting | it was not asked for yet |
    ");
    let outputs = fs::read_to_string(desk.0.path().join("outputs")).unwrap();
    assert!(
        outputs.contains("live=false\n") && outputs.contains("seconds=2\n"),
        "{outputs}"
    );
}

#[test]
fn what_cannot_be_asked() {
    let desk = Desk::new();
    desk.kubeconfig();
    let usage = |words: &str| {
        let shown = desk.run(&format!(
            "--repo https://example.com/repo --kubeconfig kubeconfig {words}"
        ));
        assert!(shown.starts_with("2\n"), "{shown}");
        shown.lines().nth(1).unwrap_or_default().to_owned()
    };
    assert_snapshot!(usage("--app shop"), @"error: the following required arguments were not provided:");
    assert_snapshot!(usage(&format!("--commit {COMMIT}")), @"error: the following required arguments were not provided:");
    assert_snapshot!(usage(&format!("--commit {COMMIT} --app shop --root root")), @"error: the argument '--app <NAME>...' cannot be used with '--root <NAME>'");
    assert_snapshot!(usage("--commit main --app shop"), @"error: `main` is no commit that the repository knows; name it with all its 40 digits");
    let shown = desk.run(&format!(
        "--commit {COMMIT} --app shop --repo a/b --kubeconfig nowhere"
    ));
    assert!(
        shown.starts_with("1\nerror: cannot use the kubeconfig `nowhere`\n"),
        "{shown}"
    );
    let shown = desk.run(&format!(
        "--commit {COMMIT} --app shop --repo a/b --kubeconfig kubeconfig --context other"
    ));
    assert!(
        shown.starts_with("1\nerror: cannot use the kubeconfig `kubeconfig`\n"),
        "{shown}"
    );
    // Without a repository there is no remote to take.
    let shown = desk.run(&format!(
        "--commit {COMMIT} --app shop --kubeconfig kubeconfig"
    ));
    assert!(
        shown.starts_with("2\n") && shown.contains("name the repository with --repo"),
        "{shown}"
    );
}
