//! What is read and written.

use crate::flags::Args;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use windlass_cli::{Context, Failure};
use windlass_seal::{MAX_VALUE, PrivateKey, SealedFile, Secret};

/// The most bytes that are read of a file or of stdin; what the crate takes is less.
const MAX_FILE: u64 = 17 << 20;

/// What there is to seal, to check or to open.
pub(crate) struct Input {
    /// What messages call it.
    pub(crate) name: String,
    /// The file, unless it is stdin.
    pub(crate) path: Option<PathBuf>,
    pub(crate) bytes: Vec<u8>,
}

impl Input {
    pub(crate) fn read(args: &Args, context: &Context) -> Result<Self, Failure> {
        match args
            .secret_file
            .as_deref()
            .filter(|path| *path != Path::new("-"))
        {
            Some(path) => Ok(Self {
                name: path.display().to_string(),
                bytes: read(path, context)?,
                path: Some(context.path(path)),
            }),
            None => {
                if io::stdin().is_terminal() {
                    context.progress("reading from the terminal; end with Ctrl-D");
                }
                Ok(Self {
                    name: "stdin".to_owned(),
                    bytes: read_all(io::stdin(), "stdin", MAX_FILE)?,
                    path: None,
                })
            }
        }
    }
}

/// The Secrets to seal.
pub(crate) fn secrets(args: &Args, input: &Input) -> Result<Vec<Secret>, Failure> {
    let mut secrets = Secret::parse_all(&input.name, &input.bytes)?;
    if let Some(name) = &args.name {
        let [secret] = &mut secrets[..] else {
            return Err(Failure::usage(
                "--name is for one Secret, and there are several",
            ));
        };
        secret.name.clone_from(name);
    }
    for secret in &mut secrets {
        if args.overlay.is_none() && secret.namespace.is_none() {
            secret.namespace.clone_from(&args.namespace);
        }
        if !args.key.is_empty() {
            secret.keep_only(&args.key)?;
        }
        if secret.keys().next().is_none() && !args.allow_empty_data {
            let hint = "if that is meant, give --allow-empty-data";
            let message = format!("the Secret `{}` has no values", secret.name);
            return Err(Failure::input(message, Some(hint.to_owned())));
        }
    }
    Ok(secrets)
}

/// The value for `--raw`.
pub(crate) fn value(args: &Args, context: &Context) -> Result<Vec<u8>, Failure> {
    let most = MAX_VALUE as u64;
    let Some(given) = &args.from_file else {
        return read_all(io::stdin(), "stdin", most);
    };
    // `key=file` is kubectl's spelling; what is printed has no key.
    let path = given.split_once('=').map_or(&**given, |(_, path)| path);
    let file = File::open(context.path(path)).map_err(|why| unreadable(path, &why))?;
    read_all(file, path, most)
}

pub(crate) fn keys(args: &Args, context: &Context) -> Result<Vec<PrivateKey>, Failure> {
    let mut keys = Vec::new();
    for path in &args.recovery_private_key {
        let bytes = read(path, context)?;
        keys.extend(PrivateKey::parse_all(&path.display().to_string(), &bytes)?);
    }
    Ok(keys)
}

/// The file to seal into, if it is there and has something in it.
pub(crate) fn present(
    path: &Path,
    must: bool,
    context: &Context,
) -> Result<Option<SealedFile>, Failure> {
    if !must && !context.path(path).is_file() {
        return Ok(None);
    }
    let bytes = read(path, context)?;
    if !must && bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    Ok(Some(SealedFile::parse(
        &path.display().to_string(),
        &bytes,
    )?))
}

/// The error that a Secret has no place in a file.
pub(crate) fn not_there(missing: Option<&Secret>, names: &[String], args: &Args) -> Failure {
    let name = missing.map_or("", |secret| &*secret.name);
    let path = args.target().unwrap_or(Path::new("")).display();
    let holds = match names {
        [] => "no SealedSecret".to_owned(),
        names => names.join(" and "),
    };
    let message = format!("`{path}` holds {holds}, not `{name}`");
    let hint = match args.mode.merge_into {
        Some(_) => {
            "name the Secret as the SealedSecret is named, or seal it with -w into a new file"
        }
        None => "write to another file, or remove this one",
    };
    Failure::input(message, Some(hint.to_owned()))
}

/// Refuses an input in which nothing was found.
pub(crate) fn none_sealed(found: usize, input: &Input) -> Result<(), Failure> {
    match found {
        0 => Err(Failure::input(
            format!("there is no SealedSecret in `{}`", input.name),
            None,
        )),
        _ => Ok(()),
    }
}

/// Writes a text unless it is there already; says whether it was not.
pub(crate) fn write(path: &Path, text: &str) -> Result<bool, Failure> {
    if std::fs::read(path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(false);
    }
    std::fs::write(path, text).map_err(|why| unwritable(path, &why))?;
    Ok(true)
}

/// Writes what is secret into a new file that its owner alone may read.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|why| match why.kind() {
        io::ErrorKind::AlreadyExists => {
            let hint = "secrets are written to new files, which their owner alone may read";
            let message = format!("`{}` is there already", path.display());
            Failure::input(message, Some(hint.to_owned()))
        }
        _ => unwritable(path, &why),
    })
}

pub(crate) fn read(path: &Path, context: &Context) -> Result<Vec<u8>, Failure> {
    let name = path.display().to_string();
    let file = File::open(context.path(path)).map_err(|why| unreadable(&name, &why))?;
    read_all(file, &name, MAX_FILE)
}

/// All of it, if that is not more than `most` bytes. The buffer never moves a value behind itself
/// without the allocator wiping what it leaves.
fn read_all(from: impl Read, name: &str, most: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = from.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|why| unreadable(name, &why))?;
    match bytes.len() as u64 > most {
        true => Err(Failure::input(
            format!("`{name}` is larger than {} MiB", most >> 20),
            None,
        )),
        false => Ok(bytes),
    }
}

fn unreadable(name: &str, why: &io::Error) -> Failure {
    let message = format!("cannot read `{name}`: {why}");
    match why.kind() {
        io::ErrorKind::NotFound => Failure::input(message, None),
        _ => Failure::world(message, None),
    }
}

fn unwritable(path: &Path, why: &io::Error) -> Failure {
    Failure::world(format!("cannot write `{}`: {why}", path.display()), None)
}
