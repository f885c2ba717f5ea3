//! Lists: every page, and only from the same API.
//! Source: <https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api>

use serde::de::DeserializeOwned;

use super::{
    Error, Failure, Github,
    error::header,
    request::{Answer, Request},
};

/// Most pages of one list: 20,000 items.
const MAX_PAGES: usize = 200;

impl Github {
    /// Every item of a list. `path` has its query, but neither `per_page` nor `page`.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        permission: &'static str,
    ) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        self.pages(path, permission, |page: Vec<T>| {
            items.extend(page);
            None::<()>
        })
        .await?;
        Ok(items)
    }

    /// Reads pages until `visit` has found something, or there are no more.
    pub(super) async fn pages<T: DeserializeOwned, R>(
        &self,
        path: &str,
        permission: &'static str,
        mut visit: impl FnMut(T) -> Option<R>,
    ) -> Result<Option<R>, Error> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut next = Some(format!("{path}{separator}per_page=100"));
        let mut pages = 0;
        while let Some(path) = next {
            let answer = self.send(Request::get(path, permission)).await?;
            pages += 1;
            next = self.next_page(&answer)?;
            if next.is_some() && pages == MAX_PAGES {
                let message = format!("the list has more than {MAX_PAGES} pages");
                return Err(Error::Other(Failure { message, ..answer.failure }));
            }
            if let Some(found) = visit(answer.json()?) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Path of the next page. A link to anywhere else is refused: it would get the token.
    fn next_page(&self, answer: &Answer) -> Result<Option<String>, Error> {
        let Some(link) = header(&answer.headers, "link").and_then(next_link) else {
            return Ok(None);
        };
        let path = self.own_path(link).ok_or_else(|| {
            let message = "its next page is on another host, which gets no token".to_owned();
            Error::Other(Failure { message, ..answer.failure.clone() })
        })?;
        Ok(Some(path))
    }
}

/// The target of `rel="next"` in a `Link` header.
/// Source: <https://www.rfc-editor.org/rfc/rfc8288#section-3>
fn next_link(header: &str) -> Option<&str> {
    header.split('<').skip(1).find_map(|link| {
        let (target, parameters) = link.split_once('>')?;
        parameters
            .split(';')
            .any(|parameter| parameter.trim().trim_end_matches(',').trim() == "rel=\"next\"")
            .then_some(target)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_in_any_order() {
        let cases = [
            (r#"<https://a/x?page=2>; rel="next", <https://a/x?page=9>; rel="last""#, Some("https://a/x?page=2")),
            (
                r#"<https://a/x?page=1>; rel="prev", <https://a/x?q=a,b&page=3>; rel="next""#,
                Some("https://a/x?q=a,b&page=3"),
            ),
            (r#"<https://a/x?page=1>; rel="prev", <https://a/x?page=1>; rel="first""#, None),
            ("", None),
            ("<", None),
        ];
        for (header, expected) in cases {
            assert_eq!(next_link(header), expected, "{header}");
        }
    }
}
