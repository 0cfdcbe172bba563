//! Members' keys, wrapped, apart from the store: so that a backup from before a renewal of the key-encryption key can be
//! read again, but for those who were erased since.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use serde::{Deserialize, Serialize};

use super::key::DataKey;
use super::{Vault, VaultError};
use crate::store::keys::{Added, MemberKey, PersonalKey};

/// Keys in one transaction.
const BATCH: usize = 1000;

/// The format's name.
const FORMAT: &str = "chancery-personal-keys";
/// The newest version of the format.
const VERSION: u32 = 1;

/// The first line of a file of keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// `chancery-personal-keys`.
    pub format: String,
    /// Of the format; 1 today.
    pub version: u32,
    /// Name of the key-encryption key that the keys are wrapped under.
    pub key_encryption_key: String,
    /// When the file was made, RFC 3339.
    pub made: String,
}

/// Every other line: a member's key, or that it was destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Whose log.
    pub organisation: String,
    /// Whose key.
    pub member: String,
    /// The key, wrapped, base64; absent when it was destroyed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrapped: Option<String>,
}

/// What an import came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Keys that can be read again, or that were not there.
    pub restored: u64,
    /// Keys that were as they are in the file.
    pub same: u64,
    /// Keys that were destroyed here, because they were destroyed there.
    pub destroyed: u64,
    /// Keys of organisations and members that this store does not have.
    pub unknown: u64,
}

/// Why a file of keys cannot be taken in. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A line is none.
    #[error("line {line} is not of a file of keys: {reason}")]
    Line {
        /// Which.
        line: usize,
        /// Why.
        reason: String,
    },
    /// The keys are wrapped under another key.
    #[error(
        "the file's keys are kept under `{file}`, and the key at hand is `{here}`: export the keys again after each erasure and rotation"
    )]
    OtherKey {
        /// Name of the file's key-encryption key.
        file: String,
        /// Name of the one at hand.
        here: String,
    },
    /// Another key is there, and works.
    #[error("`{member}` of `{organisation}` has another key here: the file is of another store")]
    Differs {
        /// Whose log.
        organisation: String,
        /// Whose key.
        member: String,
    },
    /// An organisation's log cannot be read.
    #[error("the log of `{organisation}` cannot be read: {reason}")]
    Unreadable {
        /// Whose log.
        organisation: String,
        /// Why.
        reason: String,
    },
    /// The keys or the store failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<crate::store::StoreError> for ImportError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Vault(error.into())
    }
}

/// Tells whether a key opens what a store has sealed of a member; none when it has no such member.
pub(crate) type Fits<'a> = &'a (dyn Fn(&Row, &DataKey) -> Option<bool> + Sync);

/// What is to be done with the rows of a file.
#[derive(Default)]
struct Plan {
    rewrap: Vec<MemberKey>,
    add: Vec<MemberKey>,
    destroy: Vec<(String, String)>,
    done: Imported,
}

impl Vault {
    /// The keys of organisations as lines of a file: worthless without the key-encryption key, and without those that
    /// were destroyed. None where nothing was ever sealed.
    ///
    /// # Errors
    /// [`VaultError::Unfinished`] while some are under an older key; when the store cannot be read.
    pub async fn export_keys(&self, organisations: &[String]) -> Result<Option<String>, VaultError> {
        let Some(current) = self.store.kek().await? else { return Ok(None) };
        let head = Head {
            format: FORMAT.to_owned(),
            version: VERSION,
            key_encryption_key: current.clone(),
            made: Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        };
        let mut text = line(&head);
        for organisation in organisations {
            let mut keys = self.store.keys_blocking(organisation, None)?;
            keys.sort_unstable_by(|one, other| one.member.cmp(&other.member));
            for MemberKey { organisation, member, key } in keys {
                let wrapped = match key {
                    PersonalKey::Erased => None,
                    PersonalKey::Wrapped { kek, bytes } if kek == current => Some(STANDARD.encode(bytes)),
                    PersonalKey::Wrapped { kek, .. } => return Err(VaultError::Unfinished { name: kek }),
                };
                text.push_str(&line(&Row { organisation, member, wrapped }));
            }
        }
        Ok(Some(text))
    }

    /// Takes the keys of such a file into a store that was restored from before: in the place of the same keys under a
    /// key-encryption key that is gone. What was destroyed there is destroyed here. All of it is checked before any of it
    /// is written.
    ///
    /// # Errors
    /// As [`ImportError`] names them.
    pub(crate) async fn import_keys(
        &self,
        text: &str,
        organisations: &[String],
        fits: Fits<'_>,
    ) -> Result<Imported, ImportError> {
        let mut rows: HashMap<String, Vec<(usize, Row)>> = HashMap::new();
        for (number, row) in self.read_rows(text)? {
            rows.entry(row.organisation.clone()).or_default().push((number, row));
        }
        let here = self.encryption.current(false)?;
        let mut plan = Plan::default();
        for organisation in organisations {
            let present = self.store.keys_blocking(organisation, None)?;
            let present: HashMap<_, _> = present.into_iter().map(|found| (found.member, found.key)).collect();
            for (number, row) in rows.remove(organisation).unwrap_or_default() {
                self.plan(&mut plan, &here, number, &row, present.get(&row.member), fits)?;
            }
        }
        plan.done.unknown += rows.values().map(|rows| rows.len() as u64).sum::<u64>();
        let Plan { rewrap, add, destroy, done } = plan;
        self.store.renew(&here).await?;
        for batch in rewrap.chunks(BATCH) {
            self.store.rewrap(batch.to_vec()).await?;
        }
        for batch in add.chunks(BATCH) {
            if self.store.add(&here, batch.to_vec()).await? != Added::Kept {
                return Err(VaultError::OtherKey { store: String::new(), here }.into());
            }
        }
        for (organisation, member) in destroy {
            self.store.erase(&organisation, &member, Utc::now().timestamp_micros()).await?;
        }
        self.forget_all();
        Ok(done)
    }

    /// The rows, each with the number of its line.
    fn read_rows(&self, text: &str) -> Result<Vec<(usize, Row)>, ImportError> {
        let bad = |line: usize, reason: String| ImportError::Line { line, reason };
        let mut lines = text.lines().enumerate().map(|(number, line)| (number + 1, line));
        let (_, first) = lines.next().ok_or_else(|| bad(1, "it is missing".to_owned()))?;
        let head: Head = serde_json::from_str(first).map_err(|error| bad(1, error.to_string()))?;
        if head.format != FORMAT || head.version != VERSION {
            return Err(bad(1, format!("it says `{}`, version {}", head.format, head.version)));
        }
        let here = self.encryption.current(false)?;
        if head.key_encryption_key != here {
            return Err(ImportError::OtherKey { file: head.key_encryption_key, here });
        }
        let parse = |(number, line): (usize, &str)| {
            serde_json::from_str(line).map(|row| (number, row)).map_err(|error| bad(number, error.to_string()))
        };
        lines.filter(|(_, line)| !line.trim().is_empty()).map(parse).collect()
    }

    fn plan(
        &self,
        plan: &mut Plan,
        here: &str,
        number: usize,
        row: &Row,
        present: Option<&PersonalKey>,
        fits: Fits<'_>,
    ) -> Result<(), ImportError> {
        let (organisation, member) = (row.organisation.clone(), row.member.clone());
        let bad = |reason: &str| ImportError::Line { line: number, reason: reason.to_owned() };
        let key = match &row.wrapped {
            None => None,
            Some(wrapped) => {
                let bytes = STANDARD.decode(wrapped).map_err(|_| bad("the key is not base64"))?;
                let key = self.encryption.unwrap(here, &bytes).map_err(|_| bad("the key cannot be unwrapped"))?;
                Some((key, PersonalKey::Wrapped { kek: here.to_owned(), bytes }))
            }
        };
        let differs = || ImportError::Differs { organisation: organisation.clone(), member: member.clone() };
        match (key, present) {
            // What was destroyed stays so.
            (_, Some(PersonalKey::Erased)) => plan.done.same += 1,
            (None, Some(PersonalKey::Wrapped { .. })) => {
                plan.destroy.push((organisation, member));
                plan.done.destroyed += 1;
            }
            (Some((key, fresh)), Some(PersonalKey::Wrapped { kek, bytes })) => match self.encryption.unwrap(kek, bytes)
            {
                Ok(own) if own.as_bytes() == key.as_bytes() => plan.done.same += 1,
                Err(VaultError::UnknownKey { .. }) if fits(row, &key) != Some(false) => {
                    plan.rewrap.push(MemberKey { organisation, member, key: fresh });
                    plan.done.restored += 1;
                }
                Ok(_) | Err(VaultError::UnknownKey { .. }) => return Err(differs()),
                Err(error) => return Err(error.into()),
            },
            (Some((key, fresh)), None) => match fits(row, &key) {
                None => plan.done.unknown += 1,
                Some(false) => return Err(differs()),
                Some(true) => {
                    plan.add.push(MemberKey { organisation, member, key: fresh });
                    plan.done.restored += 1;
                }
            },
            // Whoever never had a key here has nothing that it would open.
            (None, None) => plan.done.unknown += 1,
        }
        Ok(())
    }
}

fn line(value: &impl Serialize) -> String {
    // INVARIANT: plain data always has a JSON form.
    serde_json::to_string(value).unwrap_or_default() + "\n"
}
