//! Functions that are programs: they read a list of objects and print one
//! (`kustomize: api/internal/plugins/fnplugin/fnplugin.go`).

use crate::build::{Target, Work};
use crate::error::{Error, ErrorKind, Result};
use crate::program::{self, Call};
use crate::read::{self, Fields};
use crate::resource::{Behavior, Resource};
use crate::resources::Resources;
use serde::Deserialize;
use windlass_yaml::{NodeId, Origin, Source, Spanned, Tree};

/// How functions may run.
#[derive(Debug, Clone, Copy)]
pub struct Functions<'a> {
    /// The environment that they get besides that of the caller: names and values.
    pub environment: &'a [(String, String)],
}

/// The annotations that make an object the configuration of a function.
const ANNOTATIONS: [&str; 2] = ["config.kubernetes.io/function", "config.k8s.io/function"];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    exec: Option<Exec>,
    container: Option<serde_json::Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Exec {
    path: String,
    args: Vec<String>,
}

/// Runs the function that an object configures, and gives what it printed as objects.
pub(crate) fn run(
    configuration: &Resource,
    input: &Resources,
    target: &Target<'_>,
    work: &mut Work<'_>,
) -> Result<Vec<Resource>> {
    let kind = configuration.kind(&work.tree).to_owned();
    let exec = exec(configuration, &kind, work)?;
    let refuse = || {
        let message = format!("`{kind}` is a function, which may not run");
        let hint = "allow it with `--enable-alpha-plugins --enable-exec`".to_owned();
        Error::new(ErrorKind::Program, message).hint(hint)
    };
    let functions = work.options.functions.ok_or_else(refuse)?;
    let programs = work.options.programs.ok_or_else(refuse)?;
    program::refuse_fetched(&target.folder, "a function")?;
    let call = Call {
        program: exec.path,
        arguments: exec.args,
        environment: functions.environment.to_vec(),
        folder: Some(target.folder.root().to_owned()),
        input: list(&mut work.tree, configuration.root, input)?,
    };
    let printed = program::output_of(programs, &call)?;
    let source = Source::from_bytes(call.program, printed).map_err(read::malformed)?;
    read::objects(&mut work.tree, source)
}

/// The program of a function.
fn exec(configuration: &Resource, kind: &str, work: &mut Work<'_>) -> Result<Exec> {
    let annotation = |name: &str| {
        let path = ["metadata", "annotations", name];
        work.tree.lookup(configuration.root, &path)
    };
    let Some(node) = ANNOTATIONS.iter().find_map(|name| annotation(name)) else {
        let message = format!("`{kind}` is not built in, and names no program");
        return Err(Error::new(ErrorKind::Program, message)
            .hint(format!("name one in the annotation `{}`", ANNOTATIONS[0])));
    };
    let text = Spanned::new(work.tree.text(node).to_owned(), work.tree.origin(node));
    let source = read::inline_source(&work.tree, &text);
    let root = read::settings(&mut work.tree, source)?;
    let spec: Spec = match root {
        Some(root) => read::decode(&work.tree, root, Fields::Any)?,
        None => Spec::default(),
    };
    match spec.exec.filter(|exec| !exec.path.is_empty()) {
        Some(exec) => Ok(exec),
        None if spec.container.is_some() => {
            let message =
                format!("the function `{kind}` is a container, and containers are not run");
            let hint = "name its program in `exec.path` instead".to_owned();
            Err(Error::new(ErrorKind::Program, message).hint(hint))
        }
        None => {
            let message = format!("the function `{kind}` names no program in `exec.path`");
            Err(Error::new(ErrorKind::Config, message))
        }
    }
}

/// What a function reads: the objects and its configuration in one list.
fn list(tree: &mut Tree, configuration: NodeId, input: &Resources) -> Result<Vec<u8>> {
    let list = tree.map(Origin::NONE);
    let texts = [
        ("apiVersion", "config.kubernetes.io/v1"),
        ("kind", "ResourceList"),
    ];
    for (key, text) in texts {
        let text = tree.string(text, Origin::NONE);
        tree.add(list, key, text);
    }
    let items = tree.seq(Origin::NONE);
    tree.add(list, "items", items);
    for resource in input.iter() {
        let item = tree.copy(resource.root);
        tree.push(items, item);
    }
    let configuration = tree.copy(configuration);
    tree.add(list, "functionConfig", configuration);
    let mut out = Vec::new();
    tree.emit(list, &mut out).map_err(read::malformed)?;
    Ok(out)
}

/// Takes the annotations off by which a generator says what is to become of its objects
/// (`kustomize: api/internal/plugins/utils/utils.go`, `UpdateResourceOptions`).
pub(crate) fn take_options(mut made: Vec<Resource>, tree: &mut Tree) -> Result<Vec<Resource>> {
    for resource in &mut made {
        let Some(annotations) = tree.lookup(resource.root, &["metadata", "annotations"]) else {
            continue;
        };
        let mut take = |name: &str| {
            let node = tree.remove_key(annotations, name)?;
            Some((tree.text(node).to_owned(), tree.origin(node)))
        };
        let behavior = take("kustomize.config.k8s.io/behavior");
        let hash = take("kustomize.config.k8s.io/needs-hash");
        resource.behavior = Some(match behavior.as_ref().map(|(text, _)| &**text) {
            Some("merge") => Behavior::Merge,
            Some("replace") => Behavior::Replace,
            _ => Behavior::Create,
        });
        resource.needs_hash = match hash.as_ref().map(|(text, origin)| (&**text, origin)) {
            None => false,
            Some(("1" | "t" | "T" | "true" | "TRUE" | "True", _)) => true,
            Some(("0" | "f" | "F" | "false" | "FALSE" | "False", _)) => false,
            Some((other, origin)) => {
                let message = format!("`{other}` does not say whether a name needs a hash");
                return Err(Error::new(ErrorKind::Generator, message)
                    .at(tree.locate(*origin))
                    .hint("say `true` or `false`".to_owned()));
            }
        };
    }
    Ok(made)
}

/// Makes the objects those that a transformer printed: one with a known id takes the place of
/// the old one, and keeps its history (`kustomize: api/internal/plugins/utils/utils.go`).
pub(crate) fn replace(
    resources: &mut Resources,
    printed: Vec<Resource>,
    work: &Work<'_>,
) -> Result<()> {
    let (tree, schema) = (&work.tree, &work.schema);
    let mut new = Resources::default();
    printed.into_iter().for_each(|resource| new.push(resource));
    new.refuse_conflicts(tree, schema)?;
    let mut new = new.take();
    let mut kept = Vec::new();
    for mut old in resources.take() {
        let id = old.id(tree, schema);
        if let Some(at) = new.iter().position(|new| new.id(tree, schema) == id) {
            old.root = new.remove(at).root;
            kept.push(old);
        }
    }
    kept.into_iter()
        .chain(new)
        .for_each(|resource| resources.push(resource));
    Ok(())
}
