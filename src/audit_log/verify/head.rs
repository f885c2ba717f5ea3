//! The tree head against what is known of it: origin, first entry, signatures, earlier heads.

use tlog_tiles::Hash;

use super::{
    super::{Checkpoint, Note, layout::CHECKPOINT},
    Pinned, Place, Problem,
    bounded::Bounded,
};
use crate::model::{Digest, VerifierKey};

pub(super) struct Head<'a> {
    pinned: &'a Pinned,
    checkpoint: &'a Checkpoint,
    bytes: &'a [u8],
    pub(super) first_entry: Option<Digest>,
    pub(super) signed_by: Option<VerifierKey>,
    pub(super) cosigned_by: usize,
    pub(super) problems: Bounded<Problem>,
}

impl<'a> Head<'a> {
    pub(super) fn new(pinned: &'a Pinned, checkpoint: &'a Checkpoint, bytes: &'a [u8]) -> Self {
        let (first_entry, signed_by, cosigned_by, problems) = Default::default();
        Self { pinned, checkpoint, bytes, first_entry, signed_by, cosigned_by, problems }
    }

    fn problem(&mut self, what: String) {
        self.problems.push(Problem { place: Place::File(CHECKPOINT.to_owned()), what });
    }

    pub(super) fn origin(&mut self) {
        let found = &self.checkpoint.origin;
        if let Some(expected) = self.pinned.origin.as_ref().filter(|expected| *expected != found) {
            self.problem(format!("is that of `{found}`, not of `{expected}`"));
        }
    }

    pub(super) fn first_entry(&mut self, leaf: Option<Hash>) {
        self.first_entry = leaf.and_then(|hash| hex::encode(hash.0).parse().ok());
        if self.pinned.first_entry.is_some() && self.pinned.first_entry != self.first_entry {
            let place = Place::Entry(0, None);
            let what = "is not the first entry that the policy pins: this is another log".to_owned();
            self.problems.push(Problem { place, what });
        }
    }

    /// Earlier heads of the same log that it must have grown from.
    pub(super) fn earlier(&mut self) {
        for earlier in &self.pinned.earlier {
            let (then, now) = (&earlier.checkpoint, self.checkpoint);
            if then.origin != now.origin {
                self.problem(format!("is that of `{}`, {} is that of `{}`", now.origin, earlier.name, then.origin));
            } else if then.size > now.size {
                let what =
                    format!("counts {} entries, {} counted {}: the log was cut", now.size, earlier.name, then.size);
                self.problem(what);
            }
        }
    }

    /// The key that the entries name has signed the head, and the policy knows that key.
    pub(super) fn signatures(&mut self, named: Option<&str>) {
        let note = match Note::parse(self.bytes) {
            Ok(note) => note,
            Err(what) => return self.problem(format!("is no note: {what}")),
        };
        let key: Option<VerifierKey> = named.and_then(|key| key.parse().ok());
        match &key {
            None if self.pinned.keys.is_empty() => {}
            None => self.problem(
                "is not signed; the policy names a key that signs, from `schema-registry audit rotate` on".to_owned(),
            ),
            Some(key) if key.name != self.checkpoint.origin.to_string() => {
                self.problem(format!("is signed by `{}`, which is not named after its origin", key.name));
            }
            Some(key) if !self.pinned.keys.is_empty() && !self.pinned.keys.contains(key) => {
                self.problem(format!("is signed by {key}, which is no key of the policy"));
            }
            Some(key) => match note.signed_by(key) {
                Ok(Some(_)) => self.signed_by = Some(key.clone()),
                Ok(None) => self.problem(format!("is not signed by {key}, as it should be")),
                Err(what) => self.problem(format!("is forged: {what}")),
            },
        }
        self.cosignatures(&note);
    }

    /// Enough witnesses saw this log: this head, or an earlier one that it has grown from.
    fn cosignatures(&mut self, note: &Note) {
        let earlier = self.pinned.earlier.iter().map(|earlier| (earlier.name.as_str(), &earlier.note));
        let notes: Vec<_> = std::iter::once((CHECKPOINT, note)).chain(earlier).collect();
        for witness in &self.pinned.witnesses {
            let mut saw = false;
            for (name, note) in &notes {
                match note.signed_by(witness) {
                    Ok(signed) => saw |= signed.is_some(),
                    Err(what) => self.problem(format!("cannot be believed: {name} is forged, {what}")),
                }
            }
            self.cosigned_by += usize::from(saw);
        }
        let (count, wanted) = (self.cosigned_by, self.pinned.cosignatures);
        if count < wanted {
            self.problem(format!(
                "is cosigned by {count} of the {wanted} witnesses that the policy asks for; what they cosigned is given \
                 with --witness"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Earlier, *};
    use crate::{
        audit_log::{Signer, note::DASH},
        model::KeyType,
    };

    const ORIGIN: &str = "schema-registry/github.com/1";

    /// A checkpoint that no key signed.
    fn unsigned() -> (Checkpoint, Vec<u8>) {
        let origin = ORIGIN.parse().expect("an origin");
        let checkpoint = Checkpoint { origin, size: 1, root: Hash::default() };
        (checkpoint.clone(), checkpoint.to_string().into_bytes())
    }

    fn key(name: &str) -> (VerifierKey, Signer) {
        let (key, secret) = Signer::generate(name, KeyType::Ed25519).expect("random");
        (key, Signer::parse(&secret).expect("its own text"))
    }

    #[test]
    fn each_way_to_be_signed_wrongly_is_told_apart() {
        let (checkpoint, bytes) = unsigned();
        let (own, signer) = key(ORIGIN);
        let ((other, _), (stranger, _)) = (key(ORIGIN), key("schema-registry/github.com/2"));
        let text = String::from_utf8(bytes.clone()).expect("UTF-8");
        let cut = format!("{text}{}", signer.sign(text.trim_end()));
        let note = format!("{text}{}", signer.sign(text.strip_suffix('\n').expect("an empty line")));
        let forged = note.replace("/1\n1\n", "/1\n2\n");
        let broken = format!("{text}{DASH}x");
        let cases = [
            (&text, vec![], None, ""),
            (&text, vec![own.clone()], None, "is not signed; the policy names a key that signs"),
            (&text, vec![], Some("no key"), ""),
            (&note, vec![own.clone()], Some(own.to_string().as_str()), ""),
            (&note, vec![], Some(own.to_string().as_str()), ""),
            (&note, vec![other.clone()], Some(own.to_string().as_str()), "which is no key of the policy"),
            (&note, vec![], Some(other.to_string().as_str()), "is not signed by"),
            (&note, vec![], Some(stranger.to_string().as_str()), "which is not named after its origin"),
            (&cut, vec![], Some(own.to_string().as_str()), "is forged: "),
            (&forged, vec![], Some(own.to_string().as_str()), "is forged: "),
            (&broken, vec![], None, "is no note: "),
        ]
        .map(|(bytes, keys, named, expected)| (bytes, keys, named.map(str::to_owned), expected));
        for (bytes, keys, named, expected) in cases {
            let pinned = Pinned { keys, ..Pinned::default() };
            let mut head = Head::new(&pinned, &checkpoint, bytes.as_bytes());
            head.signatures(named.as_deref());
            let said: Vec<&str> = head.problems.iter().map(|problem| problem.what.as_str()).collect();
            match expected {
                "" => assert_eq!(said, [""; 0]),
                expected => assert!(matches!(said[..], [what] if what.contains(expected)), "{expected}: {said:?}"),
            }
            assert_eq!(head.signed_by.is_some(), expected.is_empty() && named.as_deref() == Some(&own.to_string()));
        }
    }

    #[test]
    fn a_head_that_counts_less_than_one_that_was_kept_is_told() {
        let (checkpoint, bytes) = unsigned();
        let then = Checkpoint { size: 2, ..checkpoint.clone() };
        let note = Note::parse(&bytes).expect("a note");
        let earlier = Earlier { name: "kept".to_owned(), checkpoint: then, note };
        let pinned = Pinned { earlier: vec![earlier], ..Pinned::default() };
        let mut head = Head::new(&pinned, &checkpoint, &bytes);
        head.earlier();
        assert_eq!(head.problems.len(), 1);
        assert_eq!(head.problems[0].what, "counts 1 entries, kept counted 2: the log was cut");
    }
}
