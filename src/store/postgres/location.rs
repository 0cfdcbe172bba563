//! Which database a URL names, and how it is written in errors.

use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, TargetSessionAttrs};

use super::tls::Trust;
use crate::store::{Access, StoreError};

/// Not `public`, where other services on the same database keep theirs.
const DEFAULT_SCHEMA: &str = "chancery";

/// `NAMEDATALEN - 1`.
const LONGEST_NAME: usize = 63;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const KEEPALIVE: Duration = Duration::from_secs(15);
/// Data that the server does not confirm for so long means that it cannot be reached any more.
const UNCONFIRMED: Duration = Duration::from_secs(30);

/// A schema of a database, and how to get there.
#[derive(Debug, Clone)]
pub(super) struct Location {
    pub(super) config: Config,
    pub(super) schema: String,
    pub(super) trust: Trust,
    /// Without password and options.
    name: String,
}

impl Location {
    /// Reads a URL: what `tokio-postgres` takes, and `schema`, `sslrootcert` and all values of `sslmode`.
    pub(super) fn new(url: &str, access: Access) -> Result<Self, StoreError> {
        let unusable = |reason: String| StoreError::Foreign { location: without_secrets(url).to_owned(), reason };
        let (mut schema, mut ssl_mode, mut root) = (DEFAULT_SCHEMA.to_owned(), "prefer".to_owned(), None);
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut others = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
            match name {
                "schema" => schema = value,
                "sslmode" => ssl_mode = value,
                "sslrootcert" => root = Some(PathBuf::from(value)),
                _ => others.push(pair),
            }
        }
        if !is_plain_name(&schema) {
            return Err(unusable(format!(
                "`{schema}` is not a name for its schema: use lower-case letters, digits and `_`"
            )));
        }
        let separator = if others.is_empty() { "" } else { "?" };
        let mut config: Config = format!("{base}{separator}{}", others.join("&"))
            .parse()
            .map_err(|error: tokio_postgres::Error| unusable(super::error::in_words(&error)))?;
        let trust = Trust::new(&ssl_mode, root, &mut config).map_err(unusable)?;
        complete(&mut config, access);
        let name = name_of(&config);
        Ok(Self { config, schema, trust, name })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The key of the advisory lock under which batches are appended and migrations run: the same in
    /// every process for the same schema, and an unlikely one for anybody else. FNV-1a over the name.
    pub(super) fn lock_key(&self) -> i64 {
        let hash =
            self.schema.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        // `Chcy` above it.
        (0x4368_6379_i64 << 32) | i64::from(hash)
    }
}

/// What the URL leaves open.
fn complete(config: &mut Config, access: Access) {
    if config.get_password().is_none()
        && let Ok(password) = std::env::var("PGPASSWORD")
    {
        config.password(password);
    }
    if config.get_application_name().is_none() {
        config.application_name("chancery");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNCONFIRMED);
    }
    config.keepalives_idle(KEEPALIVE).keepalives_interval(KEEPALIVE).keepalives_retries(2);
    if access != Access::Read && config.get_hosts().len() > 1 {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
}

/// A name that PostgreSQL takes without quotes, as it stands.
fn is_plain_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.len() <= LONGEST_NAME
        && !name.starts_with("pg_")
}

fn name_of(config: &Config) -> String {
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(index, host)| {
            let host = match host {
                Host::Tcp(name) => name.clone(),
                Host::Unix(path) => path.display().to_string(),
            };
            let ports = config.get_ports();
            match ports.get(index).or(ports.first()) {
                Some(port) => format!("{host}:{port}"),
                None => host,
            }
        })
        .collect();
    let user = config.get_user().map(|user| format!("{user}@")).unwrap_or_default();
    format!("postgres://{user}{}/{}", hosts.join(","), config.get_dbname().unwrap_or_default())
}

/// What can be shown of a URL that cannot be read: nothing that may hold a password.
fn without_secrets(url: &str) -> &str {
    url.split_once("://").map_or("postgres", |(scheme, _)| scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(url: &str) -> Result<Location, String> {
        Location::new(url, Access::Write).map_err(|error| error.to_string())
    }

    #[test]
    fn a_url_names_database_schema_and_trust_and_is_shown_without_its_password() {
        let found =
            location("postgres://sam:secret@db:5433/app?schema=audit_1&sslmode=verify-full&options=-cwork_mem%3D1MB");
        let found = found.unwrap();
        assert_eq!((found.name(), found.schema.as_str()), ("postgres://sam@db:5433/app", "audit_1"));
        assert_eq!(found.config.get_options(), Some("-cwork_mem=1MB"));
        assert_eq!(location("postgresql://db/app").unwrap().schema, "chancery");
    }

    #[test]
    fn a_url_with_a_mistake_is_refused_without_showing_its_password() {
        for (url, wanted) in [
            ("postgres://sam:secret@db:port/app", "invalid"),
            ("postgres://sam:secret@db/app?schema=My%20Schema", "`My Schema` is not a name for its schema"),
            ("postgres://sam:secret@db/app?schema=pg_temp", "is not a name for its schema"),
            ("postgres://sam:secret@db/app?sslmode=maybe", "`maybe` is not an sslmode"),
            ("postgres://sam:secret@db/app?colour=red", "unknown option"),
        ] {
            let message = location(url).unwrap_err();
            assert!(message.contains(wanted) && !message.contains("secret"), "{url}: {message}");
        }
    }

    #[test]
    fn schemas_have_locks_of_their_own_and_always_the_same() {
        let key = |schema: &str| location(&format!("postgres://db/app?schema={schema}")).unwrap().lock_key();
        assert_ne!(key("chancery"), key("audit"));
        assert_eq!(key("chancery") >> 32, 0x4368_6379);
        assert_eq!(key("chancery"), location("postgres://other/app").unwrap().lock_key());
    }
}
