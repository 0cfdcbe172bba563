//! The settings of `chancery serve`: flags before environment, environment before file, file before
//! what is built in.
//!
//! A setting has one name everywhere: `body_limit` in the file is `--body-limit` on the command line
//! and `CHANCERY_BODY_LIMIT` in the environment. A name that is none is refused.

mod units;

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chancery_aggregates::refusal::nearest;
use clap::ValueEnum;
use serde::Deserialize;
pub use units::{Length, NotALength, NotASize, Size};

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl std::fmt::Display for LogFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

macro_rules! settings {
    (
        always { $($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr, $env:literal, $value:literal;)* }
        maybe { $($(#[doc = $maybe_doc:literal])+ $maybe_name:ident: $maybe_type:ty, $maybe_env:literal, $maybe_value:literal;)* }
    ) => {
        /// Settings as somebody gave them; what is absent was not given.
        #[derive(Debug, Clone, Default, clap::Args, Deserialize)]
        #[command(next_help_heading = "Settings of the service")]
        pub struct Given {
            $($(#[doc = $doc])+ #[arg(long, env = $env, value_name = $value)] pub $name: Option<$type>,)*
            $($(#[doc = $maybe_doc])+ #[arg(long, env = $maybe_env, value_name = $maybe_value)] pub $maybe_name: Option<$maybe_type>,)*
        }

        /// Settings as they count.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Settings {
            $($(#[doc = $doc])+ pub $name: $type,)*
            $($(#[doc = $maybe_doc])+ pub $maybe_name: Option<$maybe_type>,)*
        }

        /// The settings' names, with those in the environment.
        const NAMES: &[(&str, &str)] = &[$((stringify!($name), $env),)* $((stringify!($maybe_name), $maybe_env),)*];

        impl Given {
            /// What is given here, else what is given there.
            fn or(self, other: Self) -> Self {
                Self {
                    $($name: self.$name.or(other.$name),)*
                    $($maybe_name: self.$maybe_name.or(other.$maybe_name),)*
                }
            }
        }

        impl From<Given> for Settings {
            fn from(given: Given) -> Self {
                Self {
                    $($name: given.$name.unwrap_or_else(|| $default),)*
                    $($maybe_name: given.$maybe_name,)*
                }
            }
        }

        impl Settings {
            /// The settings as a file: what each is, and what it is set to.
            fn lines(&self, text: &mut String) {
                $(line(text, &[$($doc),+], stringify!($name), Some(self.$name.to_string()));)*
                $(line(text, &[$($maybe_doc),+], stringify!($maybe_name), self.$maybe_name.as_ref().map(display));)*
            }
        }
    };
}

settings! {
    always {
        /// Where to listen
        listen: SocketAddr = SocketAddr::from((Ipv4Addr::LOCALHOST, 7171)), "CHANCERY_LISTEN", "ADDRESS:PORT";
        /// The largest body of a request
        body_limit: Size = Size(1 << 20), "CHANCERY_BODY_LIMIT", "SIZE";
        /// How long a connection may take to send the head of its next request; one that is idle for longer is closed
        header_timeout: Length = seconds(30), "CHANCERY_HEADER_TIMEOUT", "LENGTH";
        /// How long a client may take nothing of what is sent to it; then its connection is closed
        write_timeout: Length = seconds(60), "CHANCERY_WRITE_TIMEOUT", "LENGTH";
        /// How long a request may take, from its head to the head of the answer
        request_timeout: Length = seconds(30), "CHANCERY_REQUEST_TIMEOUT", "LENGTH";
        /// Connections at a time; more wait to be accepted
        connections: usize = 16_384, "CHANCERY_CONNECTIONS", "NUMBER";
        /// Requests a second that each key may make; 0 is no limit
        rate: u32 = 0, "CHANCERY_RATE", "NUMBER";
        /// Requests that a key may make at once before its rate counts
        burst: u32 = 100, "CHANCERY_BURST", "NUMBER";
        /// The most questions in one batch of evaluations
        evaluations: usize = 1_000, "CHANCERY_EVALUATIONS", "NUMBER";
        /// How long a read waits for the position that it asks for
        read_wait: Length = seconds(2), "CHANCERY_READ_WAIT", "LENGTH";
        /// How long an event feed may be silent before it sends a sign of life
        feed_heartbeat: Length = seconds(15), "CHANCERY_FEED_HEARTBEAT", "LENGTH";
        /// How old an access state may grow while the store does not answer, before it is not asked any more
        patience: Length = seconds(60), "CHANCERY_PATIENCE", "LENGTH";
        /// How long requests under way may take to end when the service is told to stop
        grace: Length = seconds(20), "CHANCERY_GRACE", "LENGTH";
        /// What to log: a level (error, warn, info, debug, trace), also by target as `info,chancery::api=debug`
        log: String = "info".to_owned(), "CHANCERY_LOG", "LEVELS";
        /// Text for people, or JSON for programs
        log_format: LogFormat = LogFormat::Text, "CHANCERY_LOG_FORMAT", "FORMAT";
    }
    maybe {
        /// How others reach the service, such as `https://access.example.com`; without it, the address it listens on
        public_url: String, "CHANCERY_PUBLIC_URL", "URL";
        /// Where to answer `/metrics`, `/healthz` and `/readyz` without a key: an address that only the monitoring reaches
        metrics_listen: SocketAddr, "CHANCERY_METRICS_LISTEN", "ADDRESS:PORT";
        /// The file that keeps the digests of operator keys; made, with a new key that is shown once, where it is not there
        operator_keys: DisplayPath, "CHANCERY_OPERATOR_KEYS", "FILE";
        /// The certificate chain for TLS, a PEM file; read again on SIGHUP
        tls_certificate: DisplayPath, "CHANCERY_TLS_CERTIFICATE", "FILE";
        /// The private key for TLS, a PEM file; read again on SIGHUP
        tls_key: DisplayPath, "CHANCERY_TLS_KEY", "FILE";
    }
}

fn seconds(seconds: u64) -> Length {
    Length(Duration::from_secs(seconds))
}

fn display(value: &impl std::fmt::Display) -> String {
    value.to_string()
}

fn line(text: &mut String, doc: &[&str], name: &str, value: Option<String>) {
    for doc in doc {
        let _ = writeln!(text, "#{doc}");
    }
    let _ = match value {
        Some(value) if value.bytes().all(|byte| byte.is_ascii_digit()) => writeln!(text, "{name} = {value}\n"),
        Some(value) => writeln!(text, "{name} = {}\n", toml::Value::String(value)),
        None => writeln!(text, "# {name} is not set\n"),
    };
}

/// A path that can be shown.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct DisplayPath(pub PathBuf);

impl std::str::FromStr for DisplayPath {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(PathBuf::from(text)))
    }
}

impl std::fmt::Display for DisplayPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.display())
    }
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("`{}` cannot be read: {source}", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not TOML, or a value is of the wrong kind.
    #[error("`{}`: {reason}", .path.display())]
    Bad {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// A name that no setting has.
    #[error("`{}` has a setting `{name}`, which there is not{}", .path.display(), hint(.nearest))]
    Unknown {
        /// Which file.
        path: PathBuf,
        /// The name.
        name: String,
        /// The most similar name that there is.
        nearest: Option<String>,
    },
    /// A variable that is nearly the name of a setting.
    #[error("the environment has `{name}`, which is no setting: did you mean `{nearest}`?")]
    Variable {
        /// The name.
        name: String,
        /// The most similar name that there is.
        nearest: String,
    },
    /// Two settings that need each other.
    #[error("{0}")]
    Pair(&'static str),
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |nearest| format!(": did you mean `{nearest}`?"))
}

/// What a file says: the settings, and where the log is.
#[derive(Debug, Default, Deserialize)]
pub struct File {
    /// Where the log is.
    pub store: Option<String>,
    /// The settings.
    #[serde(flatten)]
    pub given: Given,
}

impl Default for Settings {
    fn default() -> Self {
        Given::default().into()
    }
}

impl File {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is no TOML, or has a setting that there is not.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let bad = |error: toml::de::Error| ConfigError::Bad {
            path: path.to_owned(),
            reason: error.to_string().trim_end().replace('\n', "\n  "),
        };
        let table: toml::Table = toml::from_str(text).map_err(bad)?;
        let known = || std::iter::once("store").chain(NAMES.iter().map(|(name, _)| *name));
        if let Some(name) = table.keys().find(|name| known().all(|known| known != name.as_str())) {
            let nearest = nearest(name, known()).map(String::from);
            return Err(ConfigError::Unknown { path: path.to_owned(), name: name.clone(), nearest });
        }
        table.try_into().map_err(bad)
    }
}

/// Refuses variables whose name is nearly that of a setting: a slip of the pen must not leave a
/// service without its limits. `others` are the names of variables that mean something else.
///
/// # Errors
/// [`ConfigError::Variable`].
pub fn check_environment(names: impl Iterator<Item = String>, others: &[&str]) -> Result<(), ConfigError> {
    let known = || NAMES.iter().map(|(_, variable)| *variable).chain(others.iter().copied());
    for name in names.filter(|name| name.starts_with("CHANCERY_") && known().all(|known| known != name.as_str())) {
        // The prefix is common to all: likeness is judged without it.
        let own = |name: &'static str| name.strip_prefix("CHANCERY_").unwrap_or(name);
        let rest = name.strip_prefix("CHANCERY_").unwrap_or(&name);
        if let Some(like) = nearest(rest, NAMES.iter().map(|(_, variable)| own(variable))) {
            return Err(ConfigError::Variable { nearest: format!("CHANCERY_{like}"), name });
        }
    }
    Ok(())
}

impl Settings {
    /// What counts: what was given on the command line or in the environment, else in the file, else
    /// what is built in.
    ///
    /// # Errors
    /// When settings contradict each other.
    pub fn resolve(given: Given, file: Given) -> Result<Self, ConfigError> {
        let settings = Self::from(given.or(file));
        if settings.tls_certificate.is_some() != settings.tls_key.is_some() {
            return Err(ConfigError::Pair("`tls_certificate` and `tls_key` are set together or not at all"));
        }
        if settings.connections == 0 {
            return Err(ConfigError::Pair("`connections` is at least 1"));
        }
        Ok(settings)
    }

    /// The settings as a file that says the same, without secrets.
    pub fn print(&self, store: &str) -> String {
        let mut text = String::new();
        line(&mut text, &[" Where the log is"], "store", Some(masked(store)));
        self.lines(&mut text);
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }

    /// How others reach the service, without a slash at the end.
    pub fn url(&self) -> String {
        let scheme = if self.tls_certificate.is_some() { "https" } else { "http" };
        let url = self.public_url.clone().unwrap_or_else(|| format!("{scheme}://{}", self.listen));
        url.trim_end_matches('/').to_owned()
    }
}

/// The location of a store without its password.
pub fn masked(store: &str) -> String {
    let after_scheme = store.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = store.split_at(after_scheme);
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let place = match place.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:***@{host}"),
            None => place.to_owned(),
        },
        None => place.to_owned(),
    };
    let secret = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default();
        if name.contains("password") { format!("{name}=***") } else { pair.to_owned() }
    };
    let query = query.map(|query| query.split('&').map(secret).collect::<Vec<_>>().join("&"));
    query.map_or_else(|| format!("{scheme}{place}"), |query| format!("{scheme}{place}?{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<File, ConfigError> {
        File::parse(text, Path::new("chancery.toml"))
    }

    #[test]
    fn what_is_given_counts_before_the_file_and_the_file_before_what_is_built_in() {
        let file = parse("rate = 50\nburst = 7\nlog_format = \"json\"").unwrap();
        let given = Given { rate: Some(9), ..Given::default() };
        let settings = Settings::resolve(given, file.given).unwrap();
        assert_eq!((settings.rate, settings.burst), (9, 7));
        assert_eq!(settings.log_format, LogFormat::Json);
        assert_eq!(settings.body_limit, Settings::default().body_limit);
    }

    #[test]
    fn an_unknown_setting_is_refused_with_the_nearest_name() {
        let error = parse("body_limt = \"1MiB\"").unwrap_err().to_string();
        assert_eq!(error, "`chancery.toml` has a setting `body_limt`, which there is not: did you mean `body_limit`?");
        let error = parse("body_limit = \"1MB\"").unwrap_err().to_string();
        assert!(error.contains("write a size as"), "{error}");
    }

    #[test]
    fn a_variable_that_is_nearly_a_setting_is_refused() {
        let check = |name: &str| check_environment([name.to_owned()].into_iter(), &["CHANCERY_STORE"]);
        let error = check("CHANCERY_BODY_LIMITS").unwrap_err().to_string();
        assert!(error.ends_with("did you mean `CHANCERY_BODY_LIMIT`?"), "{error}");
        for other in ["CHANCERY_STORE", "CHANCERY_TEST_POSTGRES", "CHANCERY_RATE", "PATH"] {
            check(other).unwrap();
        }
    }

    #[test]
    fn printed_settings_read_back_the_same_and_show_no_password() {
        let settings = Settings {
            public_url: Some("https://a\"b".to_owned()),
            rate: 12,
            read_wait: Length(Duration::from_millis(1_500)),
            ..Settings::default()
        };
        let printed = settings.print("postgres://chancery:hunter2@db/access?sslmode=require&password=hunter2");
        assert!(!printed.contains("hunter2"), "{printed}");
        let file = parse(&printed).unwrap();
        assert_eq!(file.store.as_deref(), Some("postgres://chancery:***@db/access?sslmode=require&password=***"));
        assert_eq!(Settings::resolve(Given::default(), file.given).unwrap(), settings);
    }

    #[test]
    fn a_certificate_without_its_key_is_refused() {
        let file = parse("tls_certificate = \"server.pem\"").unwrap();
        assert!(Settings::resolve(Given::default(), file.given).is_err());
    }
}
