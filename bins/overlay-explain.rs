//! Say where the values of a manifest come from.

#[path = "overlay-explain/listing.rs"]
mod listing;

use listing::{Field, Listing};
use std::fmt;
use std::path::PathBuf;
use windlass_cli::{Common, Context, Failure, Report};
use windlass_fault::nearest;
use windlass_overlay::{Build, Disk, FieldPath, Object, Options, Restriction, build};

/// Say where the values of a manifest come from
///
/// Builds a kustomization and names, for a field of an object, the line that set it and each step
/// that changed it, base to overlay, with the value before and after. Without a field it prints
/// the whole object with the line of each value; without an object it lists the objects.
///
/// A field is written as `spec.template.spec.containers[name=web].image`; an index does too
/// (`containers[0]`), and a name with a dot stands in brackets and quotes
/// (`metadata.annotations["example.org/x"]`).
///
/// Outputs: objects.
#[derive(Debug, clap::Parser)]
#[command(name = "overlay-explain")]
struct Args {
    #[command(flatten)]
    common: Common,
    /// The folder with the kustomization
    #[arg(value_name = "DIR")]
    root: PathBuf,
    /// The object: its kind and name, such as `Deployment/web`, or its name alone
    #[arg(value_name = "KIND/NAME")]
    object: Option<String>,
    /// The field
    #[arg(value_name = "FIELD")]
    field: Option<FieldPath>,
    /// The namespace of the object, where several have one kind and name
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// Let kustomizations name any file, as `--load-restrictor LoadRestrictionsNone` does
    #[arg(long)]
    unrestricted: bool,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

#[derive(Debug, serde::Serialize)]
struct Output {
    /// The objects that were asked for.
    objects: Vec<Listing>,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, object) in self.objects.iter().enumerate() {
            if at > 0 && !object.fields.is_empty() {
                f.write_str("\n")?;
            }
            object.fmt(f)?;
        }
        Ok(())
    }
}

impl Report for Output {
    fn has_colours(&self) -> bool {
        true
    }
}

fn main() -> std::process::ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let options = Options {
        history: true,
        restriction: match args.unrestricted {
            true => Restriction::None,
            false => Restriction::RootOnly,
        },
        ..Options::default()
    };
    let disk = Disk::default();
    let built = build(&disk, &context.path(&args.root), &options)?;
    let Some(wanted) = &args.object else {
        let objects = built.objects().map(|object| Listing::heading(&object));
        return Ok(Output {
            objects: objects.collect(),
        });
    };
    let found = select(&built, wanted, args.namespace.as_deref())?;
    let objects = match &args.field {
        None => found.iter().map(Listing::whole).collect(),
        Some(field) => with_field(&found, field)?,
    };
    Ok(Output { objects })
}

/// The objects that are meant, at least one.
fn select<'b>(
    built: &'b Build,
    wanted: &str,
    namespace: Option<&str>,
) -> Result<Vec<Object<'b>>, Failure> {
    let (kind, name) = match wanted.split_once('/') {
        Some((kind, name)) => (Some(kind), name),
        None => (None, wanted),
    };
    let is_meant = |object: &Object<'_>| {
        object.name() == name
            && kind.is_none_or(|kind| object.kind().eq_ignore_ascii_case(kind))
            && namespace.is_none_or(|namespace| object.namespace() == namespace)
    };
    let found: Vec<Object<'_>> = built.objects().filter(is_meant).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let names = built.objects().map(|object| match kind {
        Some(_) => format!("{}/{}", object.kind(), object.name()),
        None => object.name().to_owned(),
    });
    let names: Vec<String> = names.collect();
    let near = nearest(wanted, names.iter().map(String::as_str));
    let ending = names
        .iter()
        .find(|near| near.ends_with(name) || near.contains(name));
    let hint = match near.or(ending.map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "leave the object out to list all".to_owned(),
    };
    Err(Failure::input(
        format!("no object is `{wanted}`"),
        Some(hint),
    ))
}

/// The objects that have a field, at least one, with it.
fn with_field(objects: &[Object<'_>], field: &FieldPath) -> Result<Vec<Listing>, Failure> {
    let has_it = |object: &&Object<'_>| object.value_of(field).is_some();
    let found: Vec<Listing> = objects
        .iter()
        .filter(has_it)
        .map(|object| one_field(object, field))
        .collect();
    match objects.first() {
        Some(object) if found.is_empty() => {
            let (kind, name) = (object.kind(), object.name());
            let message = format!("`{kind}/{name}` has no field `{field}`");
            Err(Failure::input(message, Some(near(object, field))))
        }
        _ => Ok(found),
    }
}

/// A field with what happened to it, or all that is below it.
fn one_field(object: &Object<'_>, field: &FieldPath) -> Listing {
    let below = Listing::below(object, field);
    match below.fields.is_empty() {
        true => Listing::of(object, vec![Field::with_history(object, field.clone())]),
        false => below,
    }
}

/// The fields that may have been meant: nearest by spelling, or of the same last name.
fn near(object: &Object<'_>, field: &FieldPath) -> String {
    const MOST: usize = 3;
    let all: Vec<String> = object
        .fields()
        .into_iter()
        .map(|(path, _)| path.to_string())
        .collect();
    let wanted = field.to_string();
    if let Some(near) = nearest(&wanted, all.iter().map(String::as_str)) {
        return format!("did you mean `{near}`?");
    }
    let last = wanted
        .rsplit(['.', ']'])
        .find(|part| !part.is_empty())
        .unwrap_or(&wanted);
    let name = |path: &String| path.rsplit('.').next().unwrap_or_default().to_owned();
    let names: Vec<String> = all.iter().map(name).collect();
    let last = nearest(last, names.iter().map(String::as_str)).unwrap_or(last);
    let same = all.iter().filter(|path| name(path) == last);
    let same: Vec<String> = same.take(MOST).map(|path| format!("`{path}`")).collect();
    match same.is_empty() {
        true => "leave the field out to see all".to_owned(),
        false => format!("there is {}", same.join(", ")),
    }
}
