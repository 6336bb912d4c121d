//! Listing the tags of a repository, page by page (distribution specification, "Listing Tags").

use crate::error::{Error, ErrorKind, Result};
use crate::reference::Tag;
use crate::remote::{Call, Remote, read_limited};
use crate::retry::Trouble;
use reqwest::header::{HeaderMap, LINK};
use reqwest::{Method, StatusCode, Url};
use serde_json::Value;
use std::collections::BTreeSet;

/// What is asked for at once; a registry may give fewer, and some refuse to be asked for more.
const PAGE: usize = 1000;
/// Docker's own registry, up to 2.8, gives all tags at once: this is 100,000 of the greatest length.
const PAGE_LIMIT: u64 = 16 << 20;
const PAGES: usize = 10_000;
const TAGS: usize = 1_000_000;

impl Remote {
    /// All tags of the repository. What no tag can be called is passed over: there are registries that
    /// take more than the specification does.
    pub(crate) async fn tags(&self) -> Result<BTreeSet<Tag>> {
        let mut url = self.url("tags/list");
        url.set_query(Some(&format!("n={PAGE}")));
        let mut seen = BTreeSet::new();
        let mut tags = BTreeSet::new();
        let mut odd = 0;
        loop {
            if seen.len() == PAGES || tags.len() > TAGS {
                return Err(self.wrong_list("has no end"));
            }
            if !seen.insert(url.clone()) {
                return Err(self.wrong_list("leads back to a page that was read"));
            }
            let (page, next) = self
                .retry
                .run(&self.notify, async || self.tag_page(&url).await)
                .await?;
            odd += page.odd;
            tags.extend(page.tags);
            match next {
                Some(next) => url = next,
                None => break,
            }
        }
        if odd > 0 {
            let place = &self.repository;
            self.notify.say(|| {
                format!("passed over names in the list of `{place}` that are no tags: {odd}")
            });
        }
        Ok(tags)
    }

    async fn tag_page(&self, url: &Url) -> Result<(Page, Option<Url>), Trouble> {
        let call = Call::new(Method::GET, url.clone());
        let response = self.once(&call).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(self.no_repository().into()),
            _ => return Err(self.refuse(&call, response).await.into()),
        }
        let next = next_page(url, response.headers())
            .ok_or_else(|| self.wrong_list("names no readable next page"))?;
        let body = read_limited(response, self.retry.silence, PAGE_LIMIT)
            .await
            .map_err(|error| self.passing(error))?;
        let page = Page::read(&body).ok_or_else(|| self.wrong_list("cannot be read"))?;
        Ok((page, next))
    }

    fn no_repository(&self) -> Error {
        let message = format!("`{}` is not there", self.repository);
        Error::new(ErrorKind::NotFound, message)
    }

    fn wrong_list(&self, how: &str) -> Error {
        let message = format!("the list of tags of `{}` {how}", self.repository);
        Error::new(ErrorKind::Protocol, message)
    }
}

/// A page of the list.
#[derive(Debug, Default, PartialEq)]
struct Page {
    tags: Vec<Tag>,
    /// How many names are no tags.
    odd: usize,
}

impl Page {
    /// Reads a page; a repository without tags has none or `null`.
    fn read(body: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(body).ok()?;
        let mut page = Self::default();
        if value["tags"].is_null() {
            return value.is_object().then_some(page);
        }
        for name in value["tags"].as_array()? {
            match name.as_str()?.parse() {
                Ok(tag) => page.tags.push(tag),
                Err(_) => page.odd += 1,
            }
        }
        Some(page)
    }
}

/// Where the next page is: `Link: </v2/app/tags/list?last=b&n=2>; rel="next"` (RFC 8288). Only path
/// and query of it count: behind a proxy a registry may name itself by a host that nobody else
/// knows, and another host is no place to send a request to. `None` where it cannot be read, as the
/// list would then end too early without a word.
fn next_page(from: &Url, headers: &HeaderMap) -> Option<Option<Url>> {
    for value in headers.get_all(LINK) {
        if let Some(found) = next_link(value.to_str().ok()?)? {
            let link = from.join(found).ok()?;
            let mut next = from.clone();
            next.set_path(link.path());
            next.set_query(link.query());
            return Some(Some(next));
        }
    }
    Some(None)
}

/// The target of the link whose relation is `next`, if there is one; `None` for what is no header of
/// links.
fn next_link(header: &str) -> Option<Option<&str>> {
    let links = parts(header, ',')?.into_iter();
    for link in links.filter(|link| !link.is_empty()) {
        let parameters = parts(link, ';')?;
        let (target, parameters) = parameters.split_first()?;
        let target = target.strip_prefix('<')?.strip_suffix('>')?;
        if parameters.iter().any(|parameter| is_next(parameter)) {
            return Some(Some(target));
        }
    }
    Some(None)
}

fn is_next(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or_default();
    let mut words = value.trim().trim_matches('"').split(' ');
    name.trim().eq_ignore_ascii_case("rel") && words.any(|word| word.eq_ignore_ascii_case("next"))
}

/// What stands between separators that are neither in quotes nor in a target; `None` if one of these
/// is not closed.
fn parts(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut close, mut escaped) = (None, false);
    for (at, c) in text.char_indices() {
        match close {
            _ if escaped => escaped = false,
            Some('"') if c == '\\' => escaped = true,
            Some(end) if c == end => close = None,
            None if c == '"' => close = Some('"'),
            None if c == '<' => close = Some('>'),
            None if c == separator => {
                parts.push(text[start..at].trim());
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    close.is_none().then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_the_next_page() {
        let here = "https://registry.example/v2/app/tags/list?n=2";
        for (header, next) in [
            (
                "</v2/app/tags/list?last=b&n=2>; rel=\"next\"",
                Some("/v2/app/tags/list?last=b&n=2"),
            ),
            ("<list?last=b>;rel=next", Some("/v2/app/tags/list?last=b")),
            (
                "<?last=b>; REL=\"prev NEXT\"",
                Some("/v2/app/tags/list?last=b"),
            ),
            (
                "</a>; rel=first, </b,c>; title=\"x\"; rel=\"next\"",
                Some("/b,c"),
            ),
            (
                "<http://10.0.0.1:5000/v2/app/tags/list?last=b>; rel=\"next\"",
                Some("/v2/app/tags/list?last=b"),
            ),
            (
                "</a>; title=\"next, \\\", please;\"; rel=\"next\"",
                Some("/a"),
            ),
            ("</a>; title=\"<b>; rel=next\", , </c>;rel=next", Some("/c")),
            ("</a>; rel=\"last\"", None),
            ("</a>", None),
            ("", None),
        ] {
            let from: Url = here.parse().unwrap();
            let headers = HeaderMap::from_iter([(LINK, header.parse().unwrap())]);
            let expected = next.map(|next| format!("https://registry.example{next}"));
            let found = next_page(&from, &headers).map(|next| next.map(String::from));
            assert_eq!(found, Some(expected), "{header}");
        }
    }

    #[test]
    fn a_link_that_cannot_be_read_is_not_the_end() {
        let from: Url = "https://registry.example/v2/app/tags/list".parse().unwrap();
        for header in [
            "</a",
            "/a; rel=next",
            "</a>; title=\"b; rel=next",
            "</a> rel=next",
        ] {
            let headers = HeaderMap::from_iter([(LINK, header.parse().unwrap())]);
            assert_eq!(next_page(&from, &headers), None, "{header}");
        }
    }

    #[test]
    fn pages() {
        for (text, found) in [
            (r#"{"name":"app","tags":["a","b"]}"#, Some((2, 0))),
            (r#"{"name":"app","tags":null}"#, Some((0, 0))),
            (r#"{"name":"app"}"#, Some((0, 0))),
            (r#"{"tags":["1.0.0","1.0.0+build",""]}"#, Some((1, 2))),
            (r#"{"tags":["a\u001b[31m"]}"#, Some((0, 1))),
            (r#"{"tags":["a",1]}"#, None),
            (r#"{"tags":{}}"#, None),
            ("[]", None),
            ("null", None),
            ("<html>", None),
        ] {
            let page = Page::read(text.as_bytes());
            let counts = page.map(|page| (page.tags.len(), page.odd));
            assert_eq!(counts, found, "{text}");
        }
    }
}
