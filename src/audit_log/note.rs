//! Signed notes: who vouches for a checkpoint.

use std::{fmt, num::NonZero};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};

use crate::model::{KeyType, Secret, VerifierKey, is_key_name};

/// What signature lines begin with: an em dash and a space.
pub(super) const DASH: &str = "\u{2014} ";

/// Most signature lines of a note; the rest of the world may send us at most so much to look at.
const MAX_SIGNATURES: usize = 100;

/// What private keys begin with, as Go writes them.
/// Source: <https://pkg.go.dev/golang.org/x/mod/sumdb/note#NewSigner>
const PRIVATE: &str = "PRIVATE+KEY+";

/// A text with signatures.
/// Source: <https://c2sp.org/signed-note>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The text, with its last line end.
    pub text: String,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

impl Note {
    /// Reads a note; one without any signature is taken, too, and verifies under no key.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        if text.chars().any(|char| char.is_ascii_control() && char != '\n') {
            return Err("it holds a control character".to_owned());
        }
        let (text, lines) = text.rsplit_once("\n\n").ok_or("it does not end in an empty line")?;
        let mut signatures = Vec::new();
        for line in lines.split_inclusive('\n') {
            signatures.push(signature(line).ok_or("what follows its empty line is not a signature")?);
        }
        if signatures.len() > MAX_SIGNATURES {
            return Err(format!("it has more than {MAX_SIGNATURES} signatures"));
        }
        Ok(Self { text: format!("{text}\n"), signatures })
    }

    /// Whether `key` signed it. `None` where there is no signature of that key; an error where there is one that is
    /// wrong, which nobody makes by accident.
    pub fn signed_by(&self, key: &VerifierKey) -> Result<Option<Signed>, String> {
        let id = key.id();
        let mut of_key = self.signatures.iter().filter(|signature| signature.name == key.name && signature.id == id);
        let Some(signature) = of_key.next() else { return Ok(None) };
        let signed = match key.kind {
            KeyType::Ed25519 => verified(key, self.text.as_bytes(), &signature.bytes).then_some(Signed { time: None }),
            KeyType::Cosignature => cosigned(key, &self.text, &signature.bytes),
        };
        // A second line of the same key could say something else; no signer writes one.
        match signed.filter(|_| of_key.next().is_none()) {
            Some(signed) => Ok(Some(signed)),
            None => Err(format!("its signature by `{}` is wrong", key.name)),
        }
    }

    /// How many of these keys signed it.
    pub fn count(&self, keys: &[VerifierKey]) -> Result<usize, String> {
        keys.iter().try_fold(0, |count, key| Ok(count + usize::from(self.signed_by(key)?.is_some())))
    }
}

/// A signature that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// When a witness saw the text, in seconds since 1970; the log's own signature does not say.
    pub time: Option<u64>,
}

fn signature(line: &str) -> Option<Signature> {
    let (name, base64) = line.strip_prefix(DASH)?.strip_suffix('\n')?.split_once(' ')?;
    let bytes = BASE64_STANDARD.decode(base64).ok().filter(|_| is_key_name(name))?;
    let (id, bytes) = bytes.split_first_chunk::<4>().filter(|(_, bytes)| !bytes.is_empty())?;
    Some(Signature { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
}

fn verified(key: &VerifierKey, message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, key.public).verify(message, signature).is_ok()
}

/// Source: <https://c2sp.org/tlog-cosignature#ed25519-signed-message>
fn cosigned(key: &VerifierKey, text: &str, bytes: &[u8]) -> Option<Signed> {
    let (time, signature) = bytes.split_first_chunk::<8>()?;
    let time = u64::from_be_bytes(*time);
    let message = cosigned_message(time, text);
    verified(key, message.as_bytes(), signature).then_some(Signed { time: Some(time) })
}

fn cosigned_message(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// A private key with its name. Shows nothing of itself.
pub struct Signer {
    key: VerifierKey,
    pair: Ed25519KeyPair,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.key)
    }
}

impl Signer {
    /// Reads `PRIVATE+KEY+<name>+<id>+<base64 of the type and the seed>`. What is wrong is said without the text.
    pub fn parse(secret: &Secret) -> Result<Self, String> {
        let read = || {
            let text = secret.reveal().trim().strip_prefix(PRIVATE)?;
            let (name, rest) = text.split_once('+').filter(|(name, _)| is_key_name(name))?;
            let (id, base64) = rest.split_once('+')?;
            let bytes = BASE64_STANDARD.decode(base64).ok()?;
            let (kind, seed) = bytes.split_first()?;
            let kind = match kind {
                1 => KeyType::Ed25519,
                4 => KeyType::Cosignature,
                _ => return None,
            };
            let signer = Self::new(name, kind, seed)?;
            (hex::encode(signer.key.id()) == id).then_some(signer)
        };
        read().ok_or_else(|| {
            "the signing key is not what `schema-registry audit keygen` writes: one line that begins with `PRIVATE+KEY+`"
                .to_owned()
        })
    }

    fn new(name: &str, kind: KeyType, seed: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        let public = pair.public_key().as_ref().try_into().ok()?;
        Some(Self { key: VerifierKey { name: name.to_owned(), kind, public }, pair })
    }

    /// Makes a new key called `name`; the second value is its private key, one line without a line end.
    ///
    /// # Errors
    /// Where the system gives no random numbers, or `name` holds a space or a `+`.
    pub fn generate(name: &str, kind: KeyType) -> Result<(VerifierKey, Secret), String> {
        let seed: [u8; 32] = ring::rand::generate(&SystemRandom::new())
            .map_err(|_| "the system gives no random numbers".to_owned())?
            .expose();
        let signer = Some(name).filter(|name| is_key_name(name)).and_then(|name| Self::new(name, kind, &seed));
        let key = signer.ok_or_else(|| format!("{name:?} cannot name a key; it must hold no space and no `+`"))?.key;
        let mut bytes = vec![if kind == KeyType::Ed25519 { 1 } else { 4 }];
        bytes.extend(seed);
        let text = format!("{PRIVATE}{name}+{}+{}", hex::encode(key.id()), BASE64_STANDARD.encode(bytes));
        Ok((key, Secret::new(text)))
    }

    /// Its public key.
    #[must_use]
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The signature line of a note's text, with its line end.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        self.line(self.pair.sign(text.as_bytes()).as_ref())
    }

    /// The signature line of a witness that saw this checkpoint at `time`, in seconds since 1970.
    #[must_use]
    pub fn cosign(&self, text: &str, time: NonZero<u64>) -> String {
        let mut bytes = time.get().to_be_bytes().to_vec();
        bytes.extend(self.pair.sign(cosigned_message(time.get(), text).as_bytes()).as_ref());
        self.line(&bytes)
    }

    fn line(&self, signature: &[u8]) -> String {
        let mut bytes = self.key.id().to_vec();
        bytes.extend(signature);
        format!("{DASH}{} {}\n", self.key.name, BASE64_STANDARD.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // From Go's golang.org/x/mod/sumdb/note, which the format comes from.
    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn a_published_note_verifies_and_no_other_does() {
        let key: VerifierKey = KEY.parse().expect("valid");
        let note = Note::parse(NOTE.as_bytes()).expect("valid");
        assert_eq!(note.signed_by(&key), Ok(Some(Signed { time: None })));
        let stranger = VerifierKey { name: "Other".to_owned(), ..key.clone() };
        assert_eq!(note.signed_by(&stranger), Ok(None));
        assert_eq!(note.count(&[key.clone(), stranger]), Ok(1));
        for (old, new) in
            [("think", "thank"), ("x08go/Z", "x08go/Y"), ("JnAM=\n", "JnAM=\n\u{2014} PeterNeumann x08go/ZJ\n")]
        {
            let edited = Note::parse(NOTE.replacen(old, new, 1).as_bytes()).expect("a note");
            assert_eq!(edited.signed_by(&key), Err("its signature by `PeterNeumann` is wrong".to_owned()), "{new}");
        }
        for (old, new) in [
            ("\n\n", "\n"),
            ("= ", "=\t"),
            ("JnAM=\n", "JnAM="),
            ("JnAM=\n", "JnAM\n"),
            ("Peter", "Pe+ter"),
            ("x08go/", "\u{7}"),
        ] {
            let edited = NOTE.replacen(old, new, 1);
            assert!(edited == NOTE || Note::parse(edited.as_bytes()).is_err(), "{new:?}");
        }
    }

    #[test]
    fn what_a_new_key_signs_verifies_under_its_public_key_alone() {
        let (key, secret) = Signer::generate("log.example/1", KeyType::Ed25519).expect("random");
        let signer = Signer::parse(&secret).expect("its own text");
        assert_eq!(signer.key(), &key);
        assert_eq!(format!("{signer:?}"), format!("Signer({key})"), "its public half, and nothing of the private one");
        let (other, _) = Signer::generate("log.example/1", KeyType::Ed25519).expect("random");
        let note = Note::parse(format!("text\n\n{}", signer.sign("text\n")).as_bytes()).expect("valid");
        assert_eq!((note.signed_by(&key), note.signed_by(&other)), (Ok(Some(Signed { time: None })), Ok(None)));
    }

    #[test]
    fn a_cosignature_is_of_a_time_and_no_signature_of_a_log() {
        let (key, secret) = Signer::generate("witness.example", KeyType::Cosignature).expect("random");
        let witness = Signer::parse(&secret).expect("its own text");
        let line = witness.cosign("text\n", NonZero::new(1_679_315_147).expect("not zero"));
        let note = Note::parse(format!("text\n\n{line}").as_bytes()).expect("valid");
        assert_eq!(note.signed_by(&key), Ok(Some(Signed { time: Some(1_679_315_147) })));
        let as_log = VerifierKey { kind: KeyType::Ed25519, ..key.clone() };
        assert_eq!(note.signed_by(&as_log), Ok(None));
        let other = Note::parse(format!("Text\n\n{line}").as_bytes()).expect("valid");
        assert!(other.signed_by(&key).is_err());
    }

    #[test]
    fn witnesses_are_counted_and_a_note_has_so_many_signatures() {
        let witness = |name: &str| {
            let (key, secret) = Signer::generate(name, KeyType::Cosignature).expect("random");
            let line = Signer::parse(&secret).expect("its own text").cosign("text\n", NonZero::<u64>::MIN);
            (key, line)
        };
        let witnesses = ["a", "b", "c"].map(witness);
        let keys = witnesses.clone().map(|(key, _)| key);
        for count in 0..=3 {
            let lines: String = witnesses[..count].iter().map(|(_, line)| line.as_str()).collect();
            let note = Note::parse(format!("text\n\n{lines}").as_bytes()).expect("valid");
            assert_eq!(note.count(&keys), Ok(count));
        }
        let forged = format!("text!\n\n{}", witnesses[0].1);
        assert!(Note::parse(forged.as_bytes()).expect("a note").count(&keys).is_err());
        for (count, taken) in [(MAX_SIGNATURES - 1, true), (MAX_SIGNATURES, true), (MAX_SIGNATURES + 1, false)] {
            let note = format!("text\n\n{}", witnesses[0].1.repeat(count));
            assert_eq!(Note::parse(note.as_bytes()).is_ok(), taken, "{count}");
        }
    }

    #[test]
    fn a_private_key_that_cannot_be_read_is_not_shown() {
        let (_, secret) = Signer::generate("log.example/1", KeyType::Ed25519).expect("random");
        let text = secret.reveal();
        for bad in
            ["", "x", &text[1..], &text[..text.len() - 1], &text.replace("log.", "lag."), &text.replacen('+', "-", 1)]
        {
            let error = Signer::parse(&Secret::new(bad)).expect_err("refused");
            assert!(error.starts_with("the signing key is not what") && !error.contains("log.example"), "{error}");
        }
        assert!(Signer::parse(&Secret::new(format!(" {text}\n"))).is_ok(), "as secrets are pasted");
        assert!(Signer::generate("a b", KeyType::Ed25519).is_err());
    }
}
