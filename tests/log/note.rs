//! Notes, checkpoints and proofs as texts.

use chancery::log::checkpoint::{read_proof, write_proof};
use chancery::log::note::{NoteError, Signer, Verifier};
use chancery::log::{Checkpoint, Hash};

/// The note and the key in the documentation of Go's `x/mod/sumdb/note`.
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n\n\
                    \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn signer() -> Signer {
    Signer::from_seed(&[7; 32]).unwrap()
}

#[test]
fn the_note_of_the_go_documentation_is_read() {
    let peter = Verifier::parse(PETER).unwrap();
    assert_eq!(peter.to_string(), PETER);
    let text = peter.open(NOTE).unwrap();
    assert!(text.ends_with("what your problem is.\n"));
    let forged = NOTE.replace("answer", "solver");
    assert_eq!(peter.open(&forged), Err(NoteError::Forged { key: PETER.to_owned() }));
}

#[test]
fn a_checkpoint_is_signed_and_read() {
    let checkpoint = Checkpoint::new("fairmont", 7, Hash::of_leaf(b"leaf"));
    let note = checkpoint.sign(&signer());
    let verifier = signer().verifier("chancery/fairmont");
    assert_eq!(Verifier::parse(&verifier.to_string()), Ok(verifier.clone()));
    assert_eq!(Checkpoint::open(&note, &verifier), Ok(checkpoint.clone()));
    let other = Signer::from_seed(&[8; 32]).unwrap().verifier("chancery/fairmont");
    assert!(matches!(Checkpoint::open(&note, &other), Err(NoteError::Unsigned { .. })));
    let elsewhere = signer().verifier("chancery/acacia");
    assert!(matches!(Checkpoint::open(&note, &elsewhere), Err(NoteError::Unsigned { .. })));
    let theirs = tlog_tiles::Checkpoint::from_bytes(verifier.open(&note).unwrap().as_bytes()).unwrap();
    assert_eq!((theirs.size(), theirs.hash().0), (checkpoint.size, checkpoint.root.0));
}

#[test]
fn a_byte_changed_anywhere_in_a_checkpoint_is_noticed() {
    let note = Checkpoint::new("fairmont", 7, Hash::of_leaf(b"leaf")).sign(&signer());
    let verifier = signer().verifier("chancery/fairmont");
    for at in 0..note.len() {
        let mut bytes = note.clone().into_bytes();
        bytes[at] ^= 1;
        if let Ok(changed) = String::from_utf8(bytes) {
            assert!(Checkpoint::open(&changed, &verifier).is_err(), "byte {at}");
        }
    }
}

#[test]
fn a_secret_is_written_and_read_as_openssl_does() {
    let pem = Signer::seed_to_pem(&[7; 32]);
    let read = Signer::from_pem(&pem).unwrap();
    assert_eq!(read.verifier("a"), signer().verifier("a"));
    assert_eq!(Signer::from_pem("not a key").unwrap_err(), NoteError::BadSecret);
}

#[test]
fn keys_that_are_not_what_they_say_are_refused() {
    for bad in ["", "a", "a+b+c", &PETER.replace("c74f20a3", "c74f20a4"), &PETER.replace('+', " ")] {
        assert_eq!(Verifier::parse(bad), Err(NoteError::BadKey(bad.to_owned())), "{bad}");
    }
}

#[test]
fn a_proof_is_written_and_read_with_its_checkpoint() {
    let note = Checkpoint::new("fairmont", 7, Hash::of_leaf(b"leaf")).sign(&signer());
    for proof in [vec![], vec![Hash::of_leaf(b"one"), Hash::of_leaf(b"two")]] {
        let text = write_proof(3, &proof, &note);
        assert_eq!(read_proof(&text), Some((3, proof.clone(), note.as_str())));
        let extra = text.replace("index", "extra eA==\nindex");
        assert_eq!(read_proof(&extra), Some((3, proof, note.as_str())));
    }
    assert_eq!(read_proof("index 3\n\n"), None);
}
