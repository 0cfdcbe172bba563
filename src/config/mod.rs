//! The settings of `chancery serve`: flags before environment, environment before file, file before
//! what is built in.
//!
//! A setting has one name everywhere: `body_limit` in the file is `--body-limit` on the command line
//! and `CHANCERY_BODY_LIMIT` in the environment. A name that is none is refused.

mod file;
pub(crate) mod oidc;
mod shown;
mod units;
mod value;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

pub use file::{ConfigError, File, check_environment};
pub use oidc::{IssuerAddress, NotAnIssuer, Secret, SignOnClaim};
use serde::Deserialize;
pub use shown::masked;
use shown::{display, line};
pub use units::{Length, NotALength, NotASize, Size};
pub use value::{CollectorUrl, DisplayPath, KeyPlace, LogFormat, NotACollector};

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
            $($(#[doc = $maybe_doc])+ #[arg(long, env = $maybe_env, value_name = $maybe_value, hide_env_values = true)] pub $maybe_name: Option<$maybe_type>,)*
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
        /// A log is signed again after so many events
        checkpoint_events: u64 = 1_000, "CHANCERY_CHECKPOINT_EVENTS", "NUMBER";
        /// A log with a new event is signed again after so long
        checkpoint_time: Length = seconds(300), "CHANCERY_CHECKPOINT_TIME", "LENGTH";
        /// What to log: a level (error, warn, info, debug, trace), also by target as `info,chancery::api=debug`
        log: String = "info".to_owned(), "CHANCERY_LOG", "LEVELS";
        /// Text for people, or JSON for programs
        log_format: LogFormat = LogFormat::Text, "CHANCERY_LOG_FORMAT", "FORMAT";
    }
    maybe {
        /// How others reach the service, such as `https://access.example.com`; without it, the address it listens on
        public_url: String, "CHANCERY_PUBLIC_URL", "URL";
        /// The header in which a proxy in front of the service says who calls, such as `X-Forwarded-For`: its last address counts. Only behind one
        client_address_header: String, "CHANCERY_CLIENT_ADDRESS_HEADER", "NAME";
        /// Where to answer `/metrics`, `/healthz` and `/readyz` without a key: an address that only the monitoring reaches
        metrics_listen: SocketAddr, "CHANCERY_METRICS_LISTEN", "ADDRESS:PORT";
        /// The file that keeps the digests of operator keys; made, with a new key that is shown once, where it is not there
        operator_keys: DisplayPath, "CHANCERY_OPERATOR_KEYS", "FILE";
        /// The file of the key that signs checkpoints of the logs, or the key itself (PEM); without it, none are signed
        log_key: KeyPlace, "CHANCERY_LOG_KEY", "FILE|PEM";
        /// Where to send traces by OTLP over HTTP, such as `http://127.0.0.1:4318`; without it, where `OTEL_EXPORTER_OTLP_ENDPOINT` says, else nowhere
        otlp_endpoint: CollectorUrl, "CHANCERY_OTLP_ENDPOINT", "URL";
        /// The file that receipts of erasures over HTTP are added to: they say whom to erase again after a backup is restored
        erasure_log: DisplayPath, "CHANCERY_ERASURE_LOG", "FILE";
        /// How much memory the access states of organisations may take, such as `4GiB`: beyond it those asked for longest ago leave, until they are asked for again; without it, all stay
        memory: Size, "CHANCERY_MEMORY", "SIZE";
        /// The certificate chain for TLS, a PEM file; read again on SIGHUP
        tls_certificate: DisplayPath, "CHANCERY_TLS_CERTIFICATE", "FILE";
        /// The private key for TLS, a PEM file; read again on SIGHUP
        tls_key: DisplayPath, "CHANCERY_TLS_KEY", "FILE";
        /// Who signs people in to the console by OpenID Connect: the issuer, exactly as it calls itself
        oidc_issuer: IssuerAddress, "CHANCERY_OIDC_ISSUER", "URL";
        /// What the issuer calls this service
        oidc_client_id: String, "CHANCERY_OIDC_CLIENT_ID", "ID";
        /// The secret that goes with it, where there is one; keep it in the environment or the file, since command lines can be read by others
        oidc_client_secret: Secret, "CHANCERY_OIDC_CLIENT_SECRET", "SECRET";
        /// What tells members apart: `email`, a verified e-mail address, or `sub`, a subject that is the member's id; without it, `sub`
        oidc_claim: SignOnClaim, "CHANCERY_OIDC_CLAIM", "CLAIM";
        /// What people call the issuer, such as `Example SSO`
        oidc_label: String, "CHANCERY_OIDC_LABEL", "TEXT";
        /// The only organisation that the issuer signs people in to; without it, all
        oidc_organisation: String, "CHANCERY_OIDC_ORGANISATION", "ID";
        /// The authority of the issuer's certificate, a PEM file; without it, those that the system trusts
        oidc_ca_file: DisplayPath, "CHANCERY_OIDC_CA_FILE", "FILE";
    }
}

fn seconds(seconds: u64) -> Length {
    Length(Duration::from_secs(seconds))
}

impl Default for Settings {
    fn default() -> Self {
        Given::default().into()
    }
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
        if settings.oidc_issuer.is_some() != settings.oidc_client_id.is_some() {
            return Err(ConfigError::Pair("`oidc_issuer` and `oidc_client_id` are set together or not at all"));
        }
        if settings.oidc_issuer.is_none() && settings.oidc_client_secret.is_some() {
            return Err(ConfigError::Pair("`oidc_client_secret` is set, and no `oidc_issuer` to show it to"));
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

#[cfg(test)]
mod tests {
    use std::path::Path;

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
    fn a_collector_is_named_by_an_address_that_has_no_secret() {
        let file = parse("otlp_endpoint = \"http://127.0.0.1:4318/\"").unwrap();
        assert_eq!(file.given.otlp_endpoint.unwrap().traces(), "http://127.0.0.1:4318/v1/traces");
        for bad in ["127.0.0.1:4318", "grpc://collector", "https://me:hunter2@collector", "http://collector?key=1"] {
            let error = parse(&format!("otlp_endpoint = \"{bad}\"")).unwrap_err().to_string();
            assert!(error.contains("write an address as"), "{error}");
        }
    }

    #[test]
    fn an_issuer_is_reached_by_tls_or_on_this_machine_and_its_secret_is_not_shown() {
        let text = |issuer: &str| format!("oidc_issuer = \"{issuer}\"\noidc_client_id = \"console\"");
        for good in
            ["https://id.example.com", "https://id.example.com/realms/a/", "http://127.0.0.1:3000", "http://[::1]:1"]
        {
            assert_eq!(parse(&text(good)).unwrap().given.oidc_issuer.unwrap().to_string(), good);
        }
        for bad in ["http://id.example.com", "id.example.com", "https://a@b", "https://a/?b=c", "ftp://127.0.0.1"] {
            let error = parse(&text(bad)).unwrap_err().to_string();
            assert!(error.contains("write an issuer as"), "{error}");
        }
        let file = parse(&format!("{}\noidc_client_secret = \"hunter2\"", text("https://a"))).unwrap();
        let settings = Settings::resolve(Given::default(), file.given).unwrap();
        let printed = settings.print("sqlite:a.db");
        assert!(
            printed.contains("# oidc_client_secret is set and not shown") && !printed.contains("hunter2"),
            "{printed}"
        );
        assert!(!format!("{settings:?}").contains("hunter2"));
        let alone = parse("oidc_client_id = \"console\"").unwrap();
        assert!(Settings::resolve(Given::default(), alone.given).is_err());
    }

    #[test]
    fn a_certificate_without_its_key_is_refused() {
        let file = parse("tls_certificate = \"server.pem\"").unwrap();
        assert!(Settings::resolve(Given::default(), file.given).is_err());
    }
}
