//! A browser without script: it keeps cookies, fills in forms, and follows nothing by itself.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::net::SocketAddr;

#[derive(Debug)]
pub(super) struct Browser {
    address: SocketAddr,
    cookies: BTreeMap<String, String>,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: u16,
    headers: ureq::http::HeaderMap,
    pub(super) body: String,
    pub(super) bytes: Vec<u8>,
}

impl Page {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    #[track_caller]
    pub(super) fn has(&self, text: &str) {
        assert!(self.body.contains(text), "`{text}` is not in {}: {}", self.status, self.text());
    }

    #[track_caller]
    pub(super) fn has_not(&self, text: &str) {
        assert!(!self.body.contains(text), "`{text}` is in {}: {}", self.status, self.text());
    }

    /// What people read, without the tags.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for piece in self.body.split('<') {
            text.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
            text.push(' ');
        }
        unescape(&text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// What a form posts as it stands: its hidden fields, texts and ticked boxes. It is found by the end of its action.
    #[track_caller]
    pub(super) fn form(&self, action: &str) -> Vec<(String, String)> {
        let forms = self.body.split("<form").skip(1).map(|form| form.split("</form>").next().unwrap());
        let wanted = |form: &&str| {
            let tag = form.split('>').next().unwrap();
            tag.contains(" method=\"post\"") && attribute(tag, "action").is_some_and(|to| to.ends_with(action))
        };
        let form = forms.clone().find(wanted).unwrap_or_else(|| panic!("no form `{action}` in {}", self.text()));
        form.split("<input").skip(1).filter_map(posted).collect()
    }
}

fn posted(input: &str) -> Option<(String, String)> {
    let tag = input.split('>').next().unwrap();
    let ticked = matches!(attribute(tag, "type").as_deref(), Some("checkbox" | "radio"));
    if (ticked && !tag.contains(" checked")) || tag.contains(" disabled") {
        return None;
    }
    Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(unescape(rest.split('"').next().unwrap()))
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// Fields, with others in the place of those of the same name.
pub(super) fn with(mut fields: Vec<(String, String)>, name: &str, values: &[&str]) -> Vec<(String, String)> {
    fields.retain(|(field, _)| field != name);
    fields.extend(values.iter().map(|value| (name.to_owned(), (*value).to_owned())));
    fields
}

impl Browser {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, cookies: BTreeMap::new() }
    }

    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Has a cookie that another browser was given.
    pub(super) fn keep(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    pub(super) fn get(&mut self, path: &str) -> Page {
        self.send("GET", path, &[], None)
    }

    pub(super) fn post<N: AsRef<str>, V: AsRef<str>>(&mut self, path: &str, fields: &[(N, V)]) -> Page {
        self.post_from(path, fields, &[])
    }

    pub(super) fn post_from<N: AsRef<str>, V: AsRef<str>>(
        &mut self,
        path: &str,
        fields: &[(N, V)],
        headers: &[(&str, &str)],
    ) -> Page {
        let pairs = fields.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.send("POST", path, headers, Some(body))
    }

    fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Page {
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
        let agent = ureq::Agent::new_with_config(config);
        let mut request = ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        request = request.header("cookie", cookies.join("; "));
        let answered = match body {
            Some(body) => {
                agent.run(request.header("content-type", "application/x-www-form-urlencoded").body(body).unwrap())
            }
            None => agent.run(request.body(()).unwrap()),
        };
        let mut answered = answered.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        for cookie in answered.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let mut bytes = Vec::new();
        answered.body_mut().as_reader().read_to_end(&mut bytes).unwrap();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Page { status: answered.status().as_u16(), headers: answered.headers().clone(), body, bytes }
    }
}
