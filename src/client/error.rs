//! Why a service was not asked, or did not answer.

use std::path::PathBuf;

use crate::api::problem::ProblemDetails;

/// Why a service was not asked, or did not answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClientError {
    /// Not the address of a service.
    #[error("`{given}` is no address of a service: write it as https://HOST or http://HOST:PORT")]
    BadUrl {
        /// As it was written.
        given: String,
    },
    /// Not a key.
    #[error("the key is none: it has a character that no key has, or is empty")]
    BadKey,
    /// The file of the authority cannot be used.
    #[error("`{}` has no authority to trust: {reason}", .path.display())]
    Authority {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing was sent: there is no connection.
    #[error("`{server}` cannot be reached: {reason}")]
    Unreachable {
        /// The service.
        server: String,
        /// What the system said.
        reason: String,
    },
    /// Nothing was sent: whoever answers there does not prove to be the service.
    #[error("the certificate of `{server}` is not trusted: {reason}")]
    NotTrusted {
        /// The service.
        server: String,
        /// What is wrong with the certificate.
        reason: String,
    },
    /// The answer did not come in time, or not whole.
    #[error("`{server}` does not answer: {reason}")]
    Broken {
        /// The service.
        server: String,
        /// What happened.
        reason: String,
    },
    /// A change was sent, and it is not known what became of it.
    #[error("whether `{server}` made the change is not known: {because}")]
    Lost {
        /// The service.
        server: String,
        /// Why not.
        because: String,
    },
    /// A change was made, but what it did cannot be told any more.
    #[error("`{server}` made the change, and the answer that tells of it was lost")]
    MadeUnseen {
        /// The service.
        server: String,
    },
    /// The service refused the request.
    #[error("{}", .0.detail)]
    Problem(Box<ProblemDetails>),
    /// Something answered that is no such service.
    #[error("`{server}` answered with status {status}, and not as this service does")]
    Strange {
        /// What was asked.
        server: String,
        /// The status of the answer.
        status: u16,
    },
    /// The feed left something out, or sent what does not follow.
    #[error("the feed sent position {got} after position {after}")]
    Gap {
        /// The position of the last event.
        after: u64,
        /// The position of this one.
        got: u64,
    },
    /// An event that this program cannot read.
    #[error("event {position} cannot be read: {reason}")]
    Unreadable {
        /// Its position.
        position: u64,
        /// Why not.
        reason: String,
    },
}

impl ClientError {
    /// Stable name of what went wrong, for programs.
    pub fn rule(&self) -> &str {
        match self {
            Self::BadUrl { .. } => "bad_server",
            Self::BadKey => "bad_key",
            Self::Authority { .. } => "bad_authority",
            Self::Unreachable { .. } => "unreachable",
            Self::NotTrusted { .. } => "not_trusted",
            Self::Broken { .. } => "no_answer",
            Self::Lost { .. } | Self::MadeUnseen { .. } => "answer_lost",
            Self::Problem(problem) => &problem.rule,
            Self::Strange { .. } => "not_understood",
            Self::Gap { .. } => "gap",
            Self::Unreadable { .. } => "unreadable",
        }
    }

    /// What to do, where the sentence does not say so already.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotTrusted { .. } => Some("`--ca-file FILE` names the authority that its certificate is of"),
            Self::Lost { .. } | Self::MadeUnseen { .. } => Some("`chancery activity` tells what was done last"),
            Self::Problem(problem) if problem.status == 401 => {
                Some("it may be mistyped, revoked or at its end; `chancery key issue` makes a new one")
            }
            _ => None,
        }
    }
}
