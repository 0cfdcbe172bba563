//! Copying organisations from one store to another, as they are.
//!
//! Positions, times, streams, payloads and metadata stay what they are, byte for byte, and so does
//! whatever is computed from them. A copy reads the source while others write to it, goes on where an
//! earlier one ended, and compares everything at the end.

mod compare;
mod error;
mod pages;
mod progress;

use std::collections::HashMap;

use compare::Digests;
pub use error::CopyError;
use error::{from_source, from_target};
use pages::{End, Page, Way};
pub use progress::{Phase, Progress, Unwatched};

use crate::log::{Checkpoint, sign};
use crate::store::{Adopted, AdoptedKey, Adoption, Store};

/// Keys in one transaction.
const KEYS: usize = 4096;

/// What a copy came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// By name, all of them, also those that were there before.
    pub organisations: Vec<CopiedOrganisation>,
    /// Events that were written this time.
    pub events: u64,
    /// Events that were compared at the end: all of the organisations in the target.
    pub verified: u64,
    /// Whether the target is the source's log from the first event on, global positions included.
    pub same_global_positions: bool,
    /// Events that others wrote to the source while the last of it was copied: not in the target.
    pub behind: u64,
}

/// One organisation in the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedOrganisation {
    /// Its id.
    pub organisation: String,
    /// Position of its last event.
    pub position: u64,
    /// Events that were written this time.
    pub written: u64,
    /// SHA-256, in hexadecimal, over its events in order; of each event position, aggregate type,
    /// aggregate id, sequence, event type, event version, time, payload and metadata, numbers as eight
    /// bytes, highest first, texts behind their length as such a number. It does not depend on the
    /// store, nor on other organisations.
    pub digest: String,
    /// The root of its log's Merkle tree, base64: worked out anew from what was copied, and held
    /// against the source's checkpoints.
    pub root: String,
}

/// Copies organisations, or all when none is named. The target must not be written to by others
/// meanwhile, as far as these organisations are concerned; the source may.
///
/// What the target has of an organisation already must be how it begins in the source. So a copy that
/// was killed is simply run again. All of a store, copied into an empty one, keeps its global positions.
///
/// # Errors
/// As [`CopyError`] names them. What was copied until then stays, in whole transactions.
pub async fn copy(
    source: &dyn Store,
    target: &dyn Store,
    wanted: &[String],
    progress: &dyn Progress,
) -> Result<Copied, CopyError> {
    let mut copier = Copier::new(source, target, wanted, progress).await?;
    copier.compare_what_is_there().await?;
    // What was written to the source during the first pass, the second brings.
    copier.pass().await?;
    copier.look_again().await?;
    copier.pass().await?;
    copier.copy_keys().await?;
    copier.copy_checkpoints().await?;
    copier.verify().await
}

/// One organisation on its way.
#[derive(Debug, Clone, Copy, Default)]
struct Course {
    /// Position of the last event in the target.
    there: u64,
    /// Up to where the source is copied.
    until: u64,
    written: u64,
}

struct Copier<'a> {
    source: &'a dyn Store,
    target: &'a dyn Store,
    wanted: &'a [String],
    progress: &'a dyn Progress,
    courses: HashMap<String, Course>,
    /// Up to where the source is read.
    end: u64,
    /// Last global position of the source that was copied, or was there.
    read: u64,
    /// The target's last global position, when it is to be the source's.
    same: Option<u64>,
}

impl<'a> Copier<'a> {
    async fn new(
        source: &'a dyn Store,
        target: &'a dyn Store,
        wanted: &'a [String],
        progress: &'a dyn Progress,
    ) -> Result<Self, CopyError> {
        let mut copier =
            Self { source, target, wanted, progress, courses: HashMap::new(), end: 0, read: 0, same: None };
        copier.look_again().await?;
        if let Some(missing) = wanted.iter().find(|wanted| !copier.courses.contains_key(*wanted)) {
            return Err(CopyError::Unknown { organisation: missing.clone() });
        }
        for head in target.heads().await.map_err(from_target)? {
            if let Some(course) = copier.courses.get_mut(&head.organisation) {
                course.there = head.position;
            }
        }
        Ok(copier)
    }

    /// Takes the source's heads of now as the goal.
    async fn look_again(&mut self) -> Result<(), CopyError> {
        // The end first: what is before it is before the heads as well.
        self.end = pages::end(self.source).await.map_err(from_source)?;
        for head in self.source.heads().await.map_err(from_source)? {
            if self.wanted.is_empty() || self.wanted.contains(&head.organisation) {
                self.courses.entry(head.organisation).or_default().until = head.position;
            }
        }
        Ok(())
    }

    /// Refuses a target that has something else; finds out where to go on.
    async fn compare_what_is_there(&mut self) -> Result<(), CopyError> {
        let there = pages::end(self.target).await.map_err(from_target)?;
        if self.wanted.is_empty() && there <= self.end {
            self.progress.begin(Phase::Comparing, there);
            let same = compare::differs(self.source, self.target, &Way::Store, there, None, self.progress).await?;
            if same.is_none() {
                (self.same, self.read) = (Some(there), there);
                return Ok(());
            }
        }
        self.progress.begin(Phase::Comparing, self.courses.values().map(|course| course.there).sum());
        for (name, course) in self.courses.iter().filter(|(_, course)| course.there > 0) {
            let way = Way::Organisation(name.clone());
            let until = course.there.min(course.until);
            let differs = compare::differs(self.source, self.target, &way, until, None, self.progress).await?;
            if let Some(position) = differs {
                return Err(CopyError::Differs { organisation: name.clone(), position });
            }
            if course.there > course.until {
                let (organisation, there, here) = (name.clone(), course.there, course.until);
                return Err(CopyError::Ahead { organisation, there, here });
            }
        }
        Ok(())
    }

    /// Copies what is missing up to the goal: reads the next page while one is written.
    async fn pass(&mut self) -> Result<(), CopyError> {
        let missing = |course: &Course| course.until.saturating_sub(course.there);
        self.progress.begin(Phase::Copying, self.courses.values().map(missing).sum());
        let way = match self.wanted {
            [only] => Way::Organisation(only.clone()),
            _ => Way::Store,
        };
        let (mut after, until) = match &way {
            Way::Store => (self.read, self.end),
            Way::Organisation(name) => self.courses.get(name).map_or((0, 0), |course| (course.there, course.until)),
        };
        let mut page = pages::read(self.source, &way, after, until).await.map_err(from_source)?;
        loop {
            after = page.last;
            let over = page.end == End::Reached;
            let adoption = self.choose(page);
            let count = adoption.events.len() as u64;
            let next =
                async { if over { Ok(Page::default()) } else { pages::read(self.source, &way, after, until).await } };
            let adopt = async { if adoption.events.is_empty() { Ok(()) } else { self.target.adopt(adoption).await } };
            let (adopted, next) = tokio::join!(adopt, next);
            adopted.map_err(from_target)?;
            self.progress.advance(count);
            page = next.map_err(from_source)?;
            if over {
                break;
            }
        }
        if matches!(way, Way::Store) {
            self.read = self.end;
        }
        Ok(())
    }

    /// What the target does not have of a page.
    fn choose(&mut self, page: Page) -> Adoption {
        let mut adoption = Adoption { global_head: self.same, ..Adoption::default() };
        for row in page.rows {
            let Some(course) = self.courses.get_mut(&row.adopted.organisation) else { continue };
            if row.adopted.position > course.there {
                course.there = row.adopted.position;
                course.written += 1;
                adoption.events.push(row.adopted);
            }
        }
        self.same = self.same.map(|head| head + adoption.events.len() as u64);
        adoption
    }

    /// Copies the idempotency keys of what was copied.
    async fn copy_keys(&self) -> Result<(), CopyError> {
        for (name, course) in &self.courses {
            let mut after = String::new();
            loop {
                let mut keys = self.source.keys(name, &after, KEYS).await.map_err(from_source)?;
                let Some(last) = keys.last() else { break };
                after.clone_from(&last.key);
                let over = keys.len() < KEYS;
                keys.retain(|key| key.last_position <= course.there);
                keys.iter_mut().for_each(AdoptedKey::forget_weak);
                if !keys.is_empty() {
                    let adoption = Adoption { keys, ..Adoption::default() };
                    self.target.adopt(adoption).await.map_err(from_target)?;
                }
                if over {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Copies the signed checkpoints of what was copied, each as far as it holds there.
    async fn copy_checkpoints(&self) -> Result<(), CopyError> {
        for (name, course) in &self.courses {
            for checkpoint in self.source.checkpoints(name).await.map_err(from_source)? {
                let Some(signed) = Checkpoint::read(&checkpoint.note) else { continue };
                if checkpoint.size > course.there {
                    continue;
                }
                if sign::root_at(self.target, name, checkpoint.size).await.map_err(from_target)? != signed.root {
                    let (organisation, size) = (name.clone(), checkpoint.size);
                    return Err(CopyError::NotAsSigned { organisation, size });
                }
                self.target.save_checkpoint(checkpoint).await.map_err(from_target)?;
            }
        }
        Ok(())
    }

    /// Compares everything, and sums it up.
    async fn verify(&self) -> Result<Copied, CopyError> {
        let verified = self.courses.values().map(|course| course.there).sum();
        self.progress.begin(Phase::Verifying, verified);
        let mut digests = Digests::default();
        if let Some(there) = self.same {
            let (way, all) = (Way::Store, Some(&mut digests));
            if let Some(position) = compare::differs(self.source, self.target, &way, there, all, self.progress).await? {
                return Err(CopyError::DiffersGlobally { position });
            }
        } else {
            for (name, course) in &self.courses {
                let (way, all) = (Way::Organisation(name.clone()), Some(&mut digests));
                let differs =
                    compare::differs(self.source, self.target, &way, course.there, all, self.progress).await?;
                if let Some(position) = differs {
                    return Err(CopyError::Differs { organisation: name.clone(), position });
                }
            }
        }
        let heads = self.source.heads().await.map_err(from_source)?;
        let wanted = heads.iter().filter(|head| self.wanted.is_empty() || self.wanted.contains(&head.organisation));
        let now: u64 = wanted.map(|head| head.position).sum();
        let mut organisations = Vec::with_capacity(self.courses.len());
        for (name, course) in &self.courses {
            organisations.push(CopiedOrganisation {
                organisation: name.clone(),
                position: course.there,
                written: course.written,
                digest: digests.finish(name),
                root: sign::root_at(self.target, name, course.there).await.map_err(from_target)?.to_string(),
            });
        }
        organisations.sort_unstable_by(|one, other| one.organisation.cmp(&other.organisation));
        Ok(Copied {
            organisations,
            events: self.courses.values().map(|course| course.written).sum(),
            verified,
            same_global_positions: self.same.is_some(),
            behind: now.saturating_sub(verified),
        })
    }
}

/// A row of the source or the target.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Placed {
    global_position: u64,
    adopted: Adopted,
}
