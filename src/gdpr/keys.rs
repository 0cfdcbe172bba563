//! Members' keys, wrapped, apart from the store and its backups.

use std::collections::HashMap;

use chancery_aggregates::AccessState;
use chancery_aggregates::vocabulary::{OrganisationId, Personal};

use crate::engine::{Engine, EngineError};
use crate::vault::{DataKey, ImportError, Imported, Row};

/// All members' keys of the store as a file; none where nothing was ever sealed.
///
/// # Errors
/// When a rotation did not come to its end, or the store fails.
pub async fn export_keys(engine: &Engine) -> Result<Option<String>, EngineError> {
    let Some(vault) = engine.vault() else { return Ok(None) };
    let heads = engine.store().heads().await?;
    let organisations: Vec<String> = heads.into_iter().map(|head| head.organisation).collect();
    Ok(vault.export_keys(&organisations).await?)
}

/// Takes such a file into a store that was restored from before it was made: a backup from before an erasure reads again,
/// but for those who were erased.
///
/// # Errors
/// As [`ImportError`] names them; nothing was changed then.
pub async fn import_keys(engine: &Engine, text: &str) -> Result<Imported, ImportError> {
    let vault = engine.vault().ok_or(crate::vault::VaultError::NoVault)?;
    let heads = engine.store().heads().await?;
    let mut states = HashMap::new();
    for head in heads {
        let organisation = OrganisationId::known(head.organisation.as_str());
        let state = engine.state(&organisation).await.map_err(|error| match error {
            EngineError::Store(error) => ImportError::from(error),
            other => ImportError::Unreadable { organisation: head.organisation.clone(), reason: other.to_string() },
        })?;
        states.insert(head.organisation, state);
    }
    let organisations: Vec<String> = states.keys().cloned().collect();
    let fits = |row: &Row, key: &DataKey| opens(states.get(&row.organisation)?, row, key);
    vault.import_keys(text, &organisations, &fits).await
}

/// Whether a key opens what is sealed of a member now; none when there is no such member.
fn opens(state: &AccessState, row: &Row, key: &DataKey) -> Option<bool> {
    let member = state.member_by_id(&row.member)?;
    let opens = member.details.fields().into_iter().all(|(field, value)| match value {
        Some(Personal::Sealed(sealed)) => key.open(sealed, &row.organisation, &row.member, field.as_str()).is_some(),
        _ => true,
    });
    Some(opens)
}
