//! The golden matrix of every profile: role × permission, kept in `tests/golden/matrix-NAME.txt` and
//! reviewed as a difference. `CHANCERY_BLESS=1 cargo test matrix` writes the files anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chancery::aggregates::event::Details;
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::vocabulary::{MemberId, OrganisationId};
use chancery::engine::{Context, Engine};
use chancery::projections::matrix::matrix;
use chancery::store::memory::MemoryStore;

#[tokio::test]
async fn the_roles_of_every_profile_permit_what_their_matrix_says() {
    let bless = std::env::var_os("CHANCERY_BLESS").is_some();
    let mut different = Vec::new();
    for (name, text) in BUILT_IN {
        let found = founded(name, text).await;
        let file = golden(name);
        if bless {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, &found).unwrap();
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        if let Some(difference) = first_difference(&kept, &found) {
            different.push(format!("{}: {difference}", file.display()));
        }
    }
    assert!(
        different.is_empty(),
        "{}\nif this is meant, run `CHANCERY_BLESS=1 cargo test matrix` and review the difference",
        different.join("\n")
    );
}

/// The matrix of an organisation that was just founded: what the profile's roles are worth in the end.
async fn founded(name: &str, text: &str) -> String {
    let engine = Engine::new(Arc::new(MemoryStore::new()));
    let organisation = OrganisationId::known(name);
    let founder = Founder { id: MemberId::known("founder"), details: Details::default() };
    engine.found(&organisation, name, &check(text).unwrap(), &founder, Context::default()).await.unwrap();
    matrix(engine.state(&organisation).await.unwrap().as_ref())
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("matrix-{name}.txt"))
}

fn first_difference(kept: &str, found: &str) -> Option<String> {
    let (mut kept, mut found) = (kept.lines(), found.lines());
    for number in 1.. {
        match (kept.next(), found.next()) {
            (None, None) => return None,
            (kept, found) if kept == found => {}
            (kept, found) => return Some(format!("line {number} is {found:?} and was {kept:?}")),
        }
    }
    None
}
