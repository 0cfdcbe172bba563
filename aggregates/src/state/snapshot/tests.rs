use super::*;

#[test]
fn a_state_without_events_survives() {
    let bytes = AccessState::default().to_snapshot().unwrap();
    let state = AccessState::from_snapshot(&bytes, &mut ProfileCache::default()).unwrap();
    assert_eq!((state.position(), state.member_count()), (0, 0));
    assert!(state.profile().is_none());
}

#[test]
fn every_changed_byte_is_noticed() {
    let bytes = AccessState::default().to_snapshot().unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        let read = AccessState::from_snapshot(&changed, &mut ProfileCache::default());
        assert!(matches!(read, Err(SnapshotError::Damaged(_))), "byte {at}");
    }
}

#[test]
fn bytes_that_are_cut_off_are_noticed() {
    let bytes = AccessState::default().to_snapshot().unwrap();
    for length in 0..bytes.len() {
        let read = AccessState::from_snapshot(&bytes[..length], &mut ProfileCache::default());
        assert!(matches!(read, Err(SnapshotError::Damaged(_))), "length {length}");
    }
}
