//! Select the newest tag of an image by a policy.

#[path = "access/flags.rs"]
mod access;
#[path = "access/given.rs"]
mod given;
#[path = "access/login.rs"]
mod login;

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::process::ExitCode;
use windlass_cli::{Common, Context, Failure, Report};
use windlass_registry::{Filter, Order, Policy, Range, Reason, Selector, Tag, Target};

/// Select the newest tag of an image by a policy
///
/// Without a policy it is the highest version that is no pre-release. A range is written as Flux, Argo CD Image Updater
/// and Helm read it: `^1.2`, `~1.2.3`, `1.x`, `>=1.2 <3`, `1.2 - 2.3`, several with `||`; pre-releases count where the
/// range names one, as in `>=1.2.0-0`. What is no version, or no number, is passed over. Of equal tags the last in byte
/// order is selected.
///
/// The newest build is told by the time that each image has in its annotations or its config. Images that are built
/// reproducibly have the time of their commit, or that of 1970 for all.
///
/// Nothing that can be selected is an error. Tag and digest are what `image-pin` takes. Credentials are those of
/// REGISTRY_USERNAME and REGISTRY_PASSWORD, else those of `docker login` or `podman login`.
///
/// Outputs: image, tag, digest; with --explain also others, a list of tag and reason.
#[derive(clap::Parser)]
#[command(name = "image-select")]
#[command(group = clap::ArgGroup::new("policy"))]
struct Args {
    #[command(flatten)]
    common: Common,
    /// Where the image is: `registry/repository`, or `oci:PATH` for a layout folder
    #[arg(value_name = "IMAGE")]
    image: String,
    /// The highest version in this range [default: *]
    #[arg(long, value_name = "RANGE", group = "policy")]
    semver: Option<Range>,
    /// The last tag in the order of bytes
    #[arg(long, group = "policy")]
    alphabetical: bool,
    /// The highest number
    #[arg(long, group = "policy")]
    numerical: bool,
    /// The image that was made last
    #[arg(long, group = "policy")]
    newest_build: bool,
    /// This tag, for the digest that it has now
    #[arg(long, value_name = "TAG", group = "policy", conflicts_with_all = ["filter", "ignore"])]
    tag: Option<Tag>,
    /// The first in the order of bytes, or the lowest number
    #[arg(long, conflicts_with_all = ["semver", "newest_build", "tag"])]
    descending: bool,
    /// Look at the tags alone in which this regular expression finds something
    #[arg(long, value_name = "REGEX")]
    filter: Option<String>,
    /// Compare what this makes of the groups of --filter (`$1`, `$name`) in the place of the tag
    #[arg(long, value_name = "TEMPLATE", requires = "filter")]
    extract: Option<String>,
    /// Pass over tags: words with `*` and `?`, with spaces between
    #[arg(long, value_name = "PATTERNS")]
    ignore: Vec<String>,
    /// Say of each other tag why it is not the one
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    access: access::Flags,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

#[derive(Serialize)]
struct Output {
    /// The image without tag.
    image: String,
    /// The tag that was selected.
    tag: Tag,
    /// The digest that the tag has.
    digest: String,
    /// The other tags, with --explain.
    #[serde(skip_serializing_if = "Option::is_none")]
    others: Option<Vec<Other>>,
}

#[derive(Serialize)]
struct Other {
    tag: Tag,
    reason: String,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}@{}", self.image, self.tag, self.digest)?;
        let mut others = self.others.iter().flatten();
        others.try_for_each(|Other { tag, reason }| writeln!(f, "{tag}: {reason}"))
    }
}

impl Report for Output {}

fn main() -> ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let image: Target = args.image.parse()?;
    let place = match &image {
        Target::Layout(path) => Target::Layout(context.path(path)),
        Target::Registry(_) => image.clone(),
    };
    let policy = policy(&args)?;
    let ignore = given::patterns(&args.ignore);
    let filter = Filter::new(args.filter.as_deref(), args.extract.as_deref(), ignore)?;
    let mut access = args.access.read(context);
    access.credentials.login = login::login(context);
    let selection = Selector::new(access).select(&place, &policy, &filter)?;
    let Some(chosen) = selection.chosen else {
        return Err(nothing(&args, &image, &selection.lost, context));
    };
    let others = selection.lost.into_iter().map(|(tag, reason)| Other {
        tag,
        reason: reason.to_string(),
    });
    Ok(Output {
        image: image.to_string(),
        tag: chosen.tag,
        digest: chosen.digest.to_string(),
        others: args.explain.then(|| others.collect()),
    })
}

fn policy(args: &Args) -> Result<Policy, Failure> {
    let order = match args.descending {
        true => Order::Descending,
        false => Order::Ascending,
    };
    match &args.tag {
        Some(tag) => Ok(Policy::Tag(tag.clone())),
        None if args.alphabetical => Ok(Policy::Alphabetical(order)),
        None if args.numerical => Ok(Policy::Numerical(order)),
        None if args.newest_build => Ok(Policy::NewestBuild),
        None if args.descending => {
            let message = "--descending is the order of --alphabetical or --numerical";
            Err(Failure::usage(message))
        }
        None => Ok(Policy::Semver(args.semver.clone().unwrap_or(Range::any()))),
    }
}

/// What to say where no tag is selected; with --explain the reasons go to stderr.
fn nothing(
    args: &Args,
    image: &Target,
    lost: &BTreeMap<Tag, Reason>,
    context: &Context,
) -> Failure {
    if let Some(tag) = &args.tag {
        return Failure::input(format!("`{image}` has no tag `{tag}`"), None);
    }
    if args.explain {
        for (tag, reason) in lost {
            context.progress(format_args!("{tag}: {reason}"));
        }
    }
    let message = format!(
        "none of the {} tags of `{image}` can be selected",
        lost.len()
    );
    let hint = "see what is the matter with each tag by --explain";
    Failure::input(message, (!args.explain).then(|| hint.to_owned()))
}
