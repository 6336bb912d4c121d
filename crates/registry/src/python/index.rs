//! Package indexes: a simple repository over http (PyPA: "Simple repository API", JSON or HTML) or
//! a folder of wheels.

use super::requirements::Requirement;
use super::tags::{Supported, WheelName};
use super::{Target, normal};
use crate::auth::{Authorization, host};
use crate::digest::{Digest, Hasher};
use crate::error::{Error, ErrorKind, Result};
use crate::remote::{self, piece, read_limited, same_origin, within};
use crate::retry::{Notify, Retry, Trouble, retry_after};
use crate::tls::Tls;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION};
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The index that pip asks where it is not told another.
const PUBLIC: &str = "https://pypi.org/simple/";

const ACCEPTED: &str = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";
const PAGE_LIMIT: u64 = 64 << 20;
const WHEEL_LIMIT: u64 = 2 << 30;
const REDIRECTS: usize = 5;
/// Requests at a time.
const AT_ONCE: usize = 4;

/// Where wheels come from.
#[derive(Debug, Clone)]
pub struct PackageIndex(Place);

#[derive(Debug, Clone)]
enum Place {
    Folder(PathBuf),
    Http {
        url: Url,
        /// For the index's own host alone.
        authorization: Option<Authorization>,
    },
}

impl Default for PackageIndex {
    fn default() -> Self {
        PUBLIC.parse().expect("a constant URL")
    }
}

impl FromStr for PackageIndex {
    type Err = Error;

    /// Reads an `https:`, `http:` or `file:` URL. User name and password in it are shown to its
    /// host alone, and in no message.
    fn from_str(text: &str) -> Result<Self> {
        // The text is not repeated: it may hold a password.
        let wrong = || {
            Error::new(
                ErrorKind::Reference,
                "the package index is not named by a URL",
            )
            .suggest("write it as `https://host/simple/` or `file:///folder`")
        };
        let mut url = Url::parse(text).map_err(|_| wrong())?;
        match url.scheme() {
            "file" => Ok(Self(Place::Folder(
                url.to_file_path().map_err(|()| wrong())?,
            ))),
            "https" | "http" if url.has_host() => {
                let authorization = userinfo(&mut url);
                if !url.path().ends_with('/') {
                    url.set_path(&format!("{}/", url.path()));
                }
                Ok(Self(Place::Http { url, authorization }))
            }
            _ => Err(wrong()),
        }
    }
}

/// Takes user name and password out of a URL.
fn userinfo(url: &mut Url) -> Option<Authorization> {
    let plain = |text: &str| {
        // The query of a form decodes as userinfo does, but for `+` and `&`.
        let escaped = format!("x:?a={}", text.replace('+', "%2B").replace('&', "%26"));
        Url::parse(&escaped)
            .ok()?
            .query_pairs()
            .next()
            .map(|(_, value)| value.into_owned())
    };
    let (name, password) = (
        plain(url.username())?,
        plain(url.password().unwrap_or_default())?,
    );
    // An http URL can be without either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    (!name.is_empty()).then(|| Authorization::basic(&name, &password))
}

/// A file that an index offers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Offer {
    file: String,
    place: Spot,
    sha256: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Spot {
    Path(PathBuf),
    Url(Url),
}

/// A wheel on this machine, whose hash is a pinned one.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) requirement: Requirement,
    pub(crate) file: String,
    pub(crate) path: PathBuf,
}

/// Gets wheels into a folder.
pub(crate) struct Fetcher<'a> {
    pub(crate) index: &'a PackageIndex,
    pub(crate) target: &'a Target,
    pub(crate) tls: &'a Tls,
    pub(crate) retry: &'a Retry,
    pub(crate) notify: &'a Notify,
    pub(crate) folder: &'a Path,
    /// Where wheels stay for the next build.
    pub(crate) cache: Option<&'a Path>,
}

impl Fetcher<'_> {
    /// Gets the best wheel of every requirement.
    pub(crate) async fn fetch(&self, requirements: Vec<Requirement>) -> Result<Vec<Fetched>> {
        let http = remote::client(&self.tls.anonymous())?;
        let supported = Supported::new(self.target);
        self.notify
            .say(|| format!("getting {} wheels", requirements.len()));
        let wheels = requirements
            .into_iter()
            .map(|one| self.fetch_one(&http, &supported, one));
        stream::iter(wheels).buffered(AT_ONCE).try_collect().await
    }

    async fn fetch_one(
        &self,
        http: &Client,
        supported: &Supported,
        requirement: Requirement,
    ) -> Result<Fetched> {
        let offers = self.offers(http, &requirement).await?;
        let offer = choose(&requirement, &offers, supported, self.target)?.clone();
        let path = match &offer.place {
            Spot::Path(path) => {
                let file = File::open(path).map_err(|error| Error::read(path, error))?;
                let path = path.clone();
                check(
                    &requirement,
                    &offer.file,
                    &hash(file).map_err(|error| Error::read(&path, error))?,
                )?;
                path
            }
            Spot::Url(url) => match self.kept(&offer) {
                Some(path) => path,
                None => {
                    let path = self.folder.join(&offer.file);
                    self.download(http, url, &path, &requirement, &offer.file)
                        .await?;
                    self.keep(&offer, &path);
                    path
                }
            },
        };
        Ok(Fetched {
            requirement,
            file: offer.file,
            path,
        })
    }

    /// A wheel of an earlier build, if it is still what its name says. Its hash is a pinned one, as
    /// the offer was chosen by it.
    fn kept(&self, offer: &Offer) -> Option<PathBuf> {
        let (path, sha256) = self.shelf(offer)?;
        let found = hash(File::open(&path).ok()?).ok()?;
        (found == sha256).then_some(path)
    }

    /// Keeps a wheel. One that cannot be kept is got again next time, which is no harm.
    fn keep(&self, offer: &Offer, wheel: &Path) {
        let Some((path, _)) = self.shelf(offer) else {
            return;
        };
        let Some(folder) = path.parent() else {
            return;
        };
        let _ = fs::create_dir_all(folder).and_then(|()| {
            let mut copy = tempfile::NamedTempFile::new_in(folder)?;
            io::copy(&mut File::open(wheel)?, &mut copy)?;
            copy.persist(&path)?;
            Ok(())
        });
    }

    fn shelf(&self, offer: &Offer) -> Option<(PathBuf, String)> {
        let digest = Digest::parse(&format!("sha256:{}", offer.sha256.as_ref()?)).ok()?;
        let path = self.cache?.join("wheels").join(digest.hex());
        Some((path, digest.hex().to_owned()))
    }

    async fn offers(&self, http: &Client, requirement: &Requirement) -> Result<Vec<Offer>> {
        match &self.index.0 {
            Place::Folder(folder) => folder_offers(folder, &requirement.name),
            Place::Http { url, .. } => {
                let page = url
                    .join(&format!("{}/", requirement.name))
                    .map_err(|error| {
                        Error::new(ErrorKind::Reference, "the package index has no proper URL")
                            .because(error)
                    })?;
                self.retry
                    .run(self.notify, async || {
                        let response = self.get(http, &page, requirement).await?;
                        let base = response.url().clone();
                        let kind = response.headers().get(CONTENT_TYPE).cloned();
                        let body = read_limited(response, self.retry.silence, PAGE_LIMIT)
                            .await
                            .map_err(|error| passing(&base, error))?;
                        let json = kind.is_some_and(|kind| {
                            kind.to_str().is_ok_and(|kind| kind.contains("json"))
                        });
                        match json {
                            true => json_offers(&body, &base),
                            false => Ok(html_offers(&String::from_utf8_lossy(&body), &base)),
                        }
                        .map_err(Trouble::Fatal)
                    })
                    .await
            }
        }
    }

    async fn download(
        &self,
        http: &Client,
        url: &Url,
        path: &Path,
        requirement: &Requirement,
        name: &str,
    ) -> Result<()> {
        self.retry
            .run(self.notify, async || {
                let mut response = self.get(http, url, requirement).await?;
                let whole = response.content_length();
                let mut file = File::create(path).map_err(|error| Error::write(path, error))?;
                let mut hasher = Hasher::default();
                while let Some(piece) = piece(&mut response, self.retry.silence)
                    .await
                    .map_err(|error| passing(url, error))?
                {
                    hasher.update(piece.as_ref());
                    if hasher.size() > WHEEL_LIMIT {
                        let message = format!("`{name}` is larger than {WHEEL_LIMIT} bytes");
                        return Err(Error::new(ErrorKind::Archive, message).into());
                    }
                    file.write_all(piece.as_ref())
                        .map_err(|error| Error::write(path, error))?;
                }
                if whole.is_some_and(|whole| whole != hasher.size()) {
                    return Err(passing(url, "the answer was cut short"));
                }
                check(requirement, name, hasher.finish().0.hex())?;
                Ok(())
            })
            .await
    }

    /// One GET that follows redirects. The index's password goes to its own origin alone.
    async fn get(
        &self,
        http: &Client,
        url: &Url,
        requirement: &Requirement,
    ) -> Result<Response, Trouble> {
        let Place::Http {
            url: index,
            authorization,
        } = &self.index.0
        else {
            return Err(passing(url, "a folder is not asked over http"));
        };
        let mut url = url.clone();
        for _ in 0..=REDIRECTS {
            let mut request = http.get(url.clone()).header(ACCEPT, ACCEPTED);
            if let Some(authorization) = authorization.as_ref().filter(|_| same_origin(&url, index))
            {
                request = request.header(AUTHORIZATION, authorization.value.clone());
            }
            let response = within(self.retry.silence, request)
                .await
                .map_err(|error| passing(&url, error))?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return judge(response, &url, requirement);
            }
            let location = response
                .headers()
                .get(LOCATION)
                .and_then(|value| value.to_str().ok());
            let next = location.and_then(|text| url.join(text).ok());
            url = match next.filter(|next| next.scheme() == "https" || url.scheme() == "http") {
                Some(next) if matches!(next.scheme(), "http" | "https") => next,
                _ => return Err(unusable(&url, "a redirect that leads nowhere safe").into()),
            };
        }
        Err(unusable(&url, "redirects without end").into())
    }
}

fn judge(response: Response, url: &Url, requirement: &Requirement) -> Result<Response, Trouble> {
    let status = response.status();
    match status {
        StatusCode::OK => Ok(response),
        StatusCode::NOT_FOUND => Err(Error::new(
            ErrorKind::Wheel,
            format!(
                "the package index `{}` does not have `{}`",
                host(url),
                requirement.name
            ),
        )
        .at(requirement.place.clone())
        .into()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Error::new(
            ErrorKind::Credentials,
            format!("the package index `{}` refuses the credentials", host(url)),
        )
        .suggest("put user name and password into the URL in PIP_INDEX_URL")
        .into()),
        _ => Err(Trouble::Passing(
            unusable(url, &format!("{status}")),
            retry_after(response.headers()),
        )),
    }
}

fn unusable(url: &Url, what: &str) -> Error {
    let message = format!("the package index `{}` answers {what}", host(url));
    Error::new(ErrorKind::Index, message)
}

fn passing(url: &Url, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Trouble {
    let message = format!("cannot reach the package index `{}`", host(url));
    Trouble::Passing(Error::new(ErrorKind::Index, message).because(error), None)
}

pub(super) fn hash(mut file: File) -> io::Result<String> {
    let mut hashing = crate::digest::Hashing::new(io::sink());
    io::copy(&mut file, &mut hashing)?;
    Ok(hashing.hasher.finish().0.hex().to_owned())
}

fn check(requirement: &Requirement, file: &str, sha256: &str) -> Result<()> {
    if requirement.hashes.contains(sha256) {
        return Ok(());
    }
    let message = format!("the hash of `{file}` is `sha256:{sha256}`, which is not pinned");
    Err(Error::new(ErrorKind::Hash, message)
        .at(requirement.place.clone())
        .suggest("lock the requirements again if the file is the right one"))
}

/// The best wheel with a pinned hash, or why there is none.
fn choose<'a>(
    requirement: &Requirement,
    offers: &'a [Offer],
    supported: &Supported,
    target: &Target,
) -> Result<&'a Offer> {
    let (name, version) = (&requirement.name, &requirement.version);
    let wanted = super::version::Version::parse(version);
    let wheels: Vec<(WheelName, &Offer)> = offers
        .iter()
        .filter_map(|offer| Some((WheelName::parse(&offer.file)?, offer)))
        .filter(|(wheel, _)| wheel.project == *name && Some(&wheel.version) == wanted.as_ref())
        .collect();
    let pinned = |offer: &Offer| {
        let hash = offer.sha256.as_ref();
        hash.is_none_or(|hash| requirement.hashes.contains(hash))
    };
    let fitting = wheels
        .iter()
        .filter_map(|(wheel, offer)| Some((wheel.rank(supported)?, *offer)));
    let fitting: Vec<_> = fitting.collect();
    let best = fitting.iter().filter(|(_, offer)| pinned(offer));
    // The name breaks ties that the specification leaves.
    if let Some((_, offer)) = best.min_by_key(|(rank, offer)| (*rank, &offer.file)) {
        return Ok(offer);
    }
    let error = |kind, message: String| Error::new(kind, message).at(requirement.place.clone());
    if let Some((_, offer)) = fitting.first() {
        let message = format!(
            "the hash of `{}` is not among those of `{name}=={version}`",
            offer.file
        );
        return Err(error(ErrorKind::Hash, message)
            .suggest("lock the requirements again if the file is the right one"));
    }
    let message = format!(
        "there is no wheel of `{name}=={version}` for {}",
        target.describe()
    );
    let source = [format!("{version}.tar.gz"), format!("{version}.zip")];
    let has_source = offers
        .iter()
        .any(|offer| source.iter().any(|end| offer.file.ends_with(end)));
    let error = error(ErrorKind::Wheel, message);
    Err(match (wheels.is_empty(), has_source) {
        (true, true) => error.suggest(
            "it is there as source alone; build a wheel of it and offer that by an index or folder",
        ),
        (true, false) => error.suggest("the index does not have this version"),
        (false, _) => error.suggest("its wheels are for other platforms or versions of Python"),
    })
}

/// Wheels in the folder itself, or in a folder of the project's name.
fn folder_offers(folder: &Path, project: &str) -> Result<Vec<Offer>> {
    let mut offers = Vec::new();
    for place in [folder.to_owned(), folder.join(project)] {
        let entries = match fs::read_dir(&place) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound && place != folder => continue,
            Err(error) => return Err(Error::read(&place, error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| Error::read(&place, error))?;
            if let Ok(file) = entry.file_name().into_string() {
                offers.push(Offer {
                    file,
                    place: Spot::Path(entry.path()),
                    sha256: None,
                });
            }
        }
    }
    offers.retain(|offer| normal(&offer.file).starts_with(project));
    Ok(offers)
}

#[derive(Deserialize)]
struct JsonPage {
    files: Vec<JsonFile>,
}

#[derive(Deserialize)]
struct JsonFile {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: std::collections::BTreeMap<String, String>,
}

fn json_offers(body: &[u8], base: &Url) -> Result<Vec<Offer>> {
    let page: JsonPage = serde_json::from_slice(body).map_err(|error| {
        let message = format!(
            "the package index `{}` answers with a broken page",
            host(base)
        );
        Error::new(ErrorKind::Index, message).because(error)
    })?;
    let offers = page.files.into_iter().filter_map(|file| {
        let sha256 = file
            .hashes
            .get("sha256")
            .map(|hash| hash.to_ascii_lowercase());
        offer(&file.filename, &file.url, sha256, base)
    });
    Ok(offers.collect())
}

fn offer(file: &str, url: &str, sha256: Option<String>, base: &Url) -> Option<Offer> {
    let url = base.join(url).ok()?;
    // The name becomes that of a local file.
    let plain = !file.is_empty() && !file.starts_with('.') && !file.contains(['/', '\\', '\0']);
    plain.then(|| Offer {
        file: file.to_owned(),
        place: Spot::Url(url),
        sha256,
    })
}

/// The links of a page. Only `<a href>` is looked at, which is all that the specification has.
fn html_offers(page: &str, base: &Url) -> Vec<Offer> {
    let mut offers = Vec::new();
    for tag in page.split('<').skip(1) {
        let attributes = tag.strip_prefix(['a', 'A']);
        let Some(attributes) = attributes.filter(|a| a.starts_with(char::is_whitespace)) else {
            continue;
        };
        let Some(href) = attribute(attributes, "href") else {
            continue;
        };
        let Ok(url) = base.join(&href) else { continue };
        let sha256 = url
            .fragment()
            .and_then(|f| f.strip_prefix("sha256="))
            .map(str::to_ascii_lowercase);
        let name = url
            .path_segments()
            .and_then(|mut parts| parts.next_back())
            .unwrap_or_default();
        let name = name.replace("%2B", "+").replace("%2b", "+");
        offers.extend(offer(&name, &href, sha256, base));
    }
    offers
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let assignment = format!("{name}=");
    let mut places = lower.match_indices(&assignment);
    let (at, _) = places.find(|&(at, _)| lower[..at].ends_with(char::is_whitespace))?;
    let rest = &tag[at + assignment.len()..];
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, _) = rest[1..].split_once(quote)?;
    Some(value.replace("&#43;", "+").replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use windlass_fault::{Fault as _, Location};

    fn requirement(hash: &str) -> Requirement {
        Requirement {
            name: "markup-safe".into(),
            version: "3.0".into(),
            hashes: [hash.to_owned()].into(),
            place: Location::at_line("requirements.txt", 1, 1),
        }
    }

    fn offers(files: &[(&str, &str)]) -> Vec<Offer> {
        let base = Url::parse("https://index.example/simple/markup-safe/").unwrap();
        let offers = files.iter();
        offers
            .filter_map(|(file, hash)| offer(file, file, Some((*hash).to_owned()), &base))
            .collect()
    }

    fn chosen(files: &[(&str, &str)]) -> Result<String> {
        let target = Target::new("3.13", &"linux/amd64".parse().unwrap()).unwrap();
        let offers = offers(files);
        let supported = Supported::new(&target);
        choose(&requirement("aa"), &offers, &supported, &target).map(|offer| offer.file.clone())
    }

    #[test]
    fn the_best_wheel_with_a_pinned_hash() {
        let any = ("markup_safe-3.0.0-py3-none-any.whl", "aa");
        let native = "Markup_Safe-3.0-cp313-cp313-manylinux_2_17_x86_64.whl";
        assert_eq!(chosen(&[any, (native, "aa")]).unwrap(), native);
        assert_eq!(chosen(&[any, (native, "bb")]).unwrap(), any.0);
        assert_eq!(
            chosen(&[("other-3.0-py3-none-any.whl", "aa"), any]).unwrap(),
            any.0
        );
    }

    #[test]
    fn why_there_is_no_wheel() {
        for (files, kind, hint) in [
            (
                &[][..],
                ErrorKind::Wheel,
                "the index does not have this version",
            ),
            (
                &[("markup_safe-2.0-py3-none-any.whl", "aa")],
                ErrorKind::Wheel,
                "the index does not have this version",
            ),
            (
                &[("markup_safe-3.0.tar.gz", "aa")],
                ErrorKind::Wheel,
                "it is there as source alone; build a wheel of it and offer that by an index or folder",
            ),
            (
                &[("markup_safe-3.0-cp313-cp313-win_amd64.whl", "aa")],
                ErrorKind::Wheel,
                "its wheels are for other platforms or versions of Python",
            ),
            (
                &[("markup_safe-3.0-py3-none-any.whl", "bb")],
                ErrorKind::Hash,
                "lock the requirements again if the file is the right one",
            ),
        ] {
            let error = chosen(files).unwrap_err();
            assert_eq!(
                (error.kind(), error.hint().as_deref()),
                (kind, Some(hint)),
                "{files:?}"
            );
        }
    }

    #[test]
    fn both_forms_of_a_page_say_the_same() {
        let base = Url::parse("https://index.example/simple/a/").unwrap();
        let json = br#"{"meta":{"api-version":"1.1"},"name":"a","files":[
            {"filename":"a-1+x-py3-none-any.whl","url":"../../f/a-1%2Bx-py3-none-any.whl","hashes":{"sha256":"AB"},"yanked":true},
            {"filename":"../evil.whl","url":"evil.whl","hashes":{}},
            {"filename":"a-1.tar.gz","url":"https://files.example/a-1.tar.gz","hashes":{}}]}"#;
        let html = r#"<!DOCTYPE html><html><body>
            <A data-yanked="" HREF="../../f/a-1%2Bx-py3-none-any.whl#sha256=ab">a</A><abbr>no</abbr>
            <a
              data-href="no" href='https://files.example/a-1.tar.gz'>b</a><a name=x>"#;
        let (json, html) = (json_offers(json, &base).unwrap(), html_offers(html, &base));
        let names = |offers: &[Offer]| {
            let offers = offers.iter();
            offers
                .map(|o| (o.file.clone(), o.sha256.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&json), names(&html));
        assert_eq!(
            names(&json)[0],
            ("a-1+x-py3-none-any.whl".to_owned(), Some("ab".to_owned()))
        );
        assert_eq!(json[1].place, html[1].place);
        assert_eq!(
            json_offers(b"[]", &base).unwrap_err().kind(),
            ErrorKind::Index
        );
    }

    #[test]
    fn a_password_in_a_url_is_taken_out() {
        let index: PackageIndex = "https://me:hunter2%40x@index.example/simple"
            .parse()
            .unwrap();
        let Place::Http { url, authorization } = &index.0 else {
            panic!("http")
        };
        assert_eq!(url.as_str(), "https://index.example/simple/");
        // `echo -n me:hunter2@x | base64`
        assert_eq!(
            authorization.as_ref().unwrap().value,
            "Basic bWU6aHVudGVyMkB4"
        );
        assert!(!format!("{index:?}").contains("hunter2"));
        for bad in ["index.example", "ftp://me:hunter2@x/", "https://"] {
            let error = bad.parse::<PackageIndex>().unwrap_err();
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }
}
