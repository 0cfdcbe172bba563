//! Comparing two stores event by event.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::error::{CopyError, from_source, from_target};
use super::pages::{self, End, Way};
use super::{Placed, Progress};
use crate::store::{Adopted, Store};

/// The first key, of those up to `until`, at which the stores differ; what the target has is digested.
pub(super) async fn differs(
    source: &dyn Store,
    target: &dyn Store,
    way: &Way,
    until: u64,
    mut digests: Option<&mut Digests>,
    progress: &dyn Progress,
) -> Result<Option<u64>, CopyError> {
    let mut after = 0;
    while after < until {
        // Pages end after the same rows on both sides, unless these differ.
        let (here, there) =
            tokio::join!(pages::read(source, way, after, until), pages::read(target, way, after, until));
        let (here, there) = (here.map_err(from_source)?, there.map_err(from_target)?);
        let same = |(here, there): &(&Placed, &Placed)| match way {
            Way::Store => here == there,
            Way::Organisation(_) => here.adopted == there.adopted,
        };
        let equal = here.rows.iter().zip(&there.rows).take_while(same).count();
        if equal < here.rows.len() || equal < there.rows.len() || there.rows.is_empty() {
            return Ok(Some(after + equal as u64 + 1));
        }
        if let Some(digests) = &mut digests {
            there.rows.iter().for_each(|row| digests.add(&row.adopted));
        }
        progress.advance(equal as u64);
        after = there.last;
        if there.end == End::Reached && after < until {
            return Ok(Some(after + 1));
        }
    }
    Ok(None)
}

/// A digest for each organisation.
#[derive(Default)]
pub(super) struct Digests(HashMap<String, Sha256>);

impl Digests {
    fn add(&mut self, Adopted { organisation, position, event }: &Adopted) {
        let digest = match self.0.get_mut(organisation) {
            Some(digest) => digest,
            None => self.0.entry(organisation.clone()).or_default(),
        };
        number(digest, *position);
        text(digest, &event.aggregate_type);
        text(digest, &event.aggregate_id);
        number(digest, event.sequence);
        text(digest, &event.event_type);
        text(digest, &event.event_version);
        number(digest, event.time.cast_unsigned());
        text(digest, &event.payload);
        text(digest, &event.metadata);
    }

    /// In hexadecimal.
    pub(super) fn finish(&self, organisation: &str) -> String {
        let digest = self.0.get(organisation).cloned().unwrap_or_default().finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn number(digest: &mut Sha256, number: u64) {
    digest.update(number.to_be_bytes());
}

fn text(digest: &mut Sha256, text: &str) {
    number(digest, text.len() as u64);
    digest.update(text.as_bytes());
}
