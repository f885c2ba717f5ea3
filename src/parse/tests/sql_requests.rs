//! Files that bring SQL of their own.

use proptest::prelude::*;

use super::super::{ParsedFile, ParsedSql, parse_file};
use crate::model::{Down, File, LineIndex};

const EVERYTHING: &str = "\
sqlRequest: tenant_policies
owner: platform
touches: [orders, billing.invoices]
up: |
  ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
  -- 'no': {not} [yaml]
  CREATE POLICY tenant ON orders USING (tenant = current_user);
down: |
  DROP POLICY tenant ON orders;
waivers:
  - {rule: sql-cascade, reason: Seen, expires: 2027-01-01}
requestMetadata: {requestedBy: ann, justification: Tenants must not see each other, requestedAt: 2026-01-05T09:00:00Z}
";

fn read(path: &str, text: &str) -> ParsedSql {
    match parse_file(path, &File::regular(text)) {
        ParsedFile::Sql(parsed) => *parsed,
        other => panic!("read as something else: {other:?}"),
    }
}

fn refused(text: &str) -> String {
    let parsed = read("schema-requests/tenant_policies.yaml", text);
    let index = LineIndex::new(&parsed.text);
    let line = |refusal: &crate::model::Refusal| {
        let at = index.position(&parsed.text, refusal.span.start);
        let suggestion = refusal.suggestion.as_deref().unwrap_or_default();
        format!("{}:{} {} / {suggestion}", at.line, at.column, refusal.message)
    };
    parsed.refusals.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn everything_is_read() {
    let parsed = read("schema-requests/a/tenant_policies.yaml", EVERYTHING);
    assert!(parsed.refusals.is_empty(), "{:?}", parsed.refusals);
    let request = parsed.request.expect("is read");
    let touches: Vec<_> = request.touches.iter().map(|field| field.value.to_string()).collect();
    assert_eq!(
        (request.name.value.as_str(), touches),
        ("tenant_policies", vec!["public.orders".into(), "billing.invoices".into()])
    );
    assert!(request.up.value.ends_with("USING (tenant = current_user);\n"), "{}", request.up.value);
    assert!(matches!(&request.down, Down::Sql(down) if down.value == "DROP POLICY tenant ON orders;\n"));
    assert_eq!((request.waivers.len(), request.metadata.requested_at.is_some()), (1, true));
}

#[test]
fn the_state_is_what_is_run() {
    let digest =
        |text: &str| read("schema-requests/tenant_policies.yaml", text).request.expect("is read").state_digest();
    let plain = digest(EVERYTHING);
    assert_eq!(
        plain,
        digest(&EVERYTHING.replace("Tenants must", "They must").replace("touches: [orders, ", "touches: ["))
    );
    let irreversible =
        EVERYTHING.replace("down: |\n  DROP POLICY tenant ON orders;", "irreversible: DROP POLICY tenant ON orders;");
    for other in [
        EVERYTHING.replace("current_user", "session_user"),
        EVERYTHING.replace("DROP POLICY", "DROP  POLICY"),
        irreversible,
    ] {
        assert_ne!(plain, digest(&other), "{other}");
    }
}

#[test]
fn what_is_wrong_is_refused_at_its_place() {
    let without = |from: &str, to: &str| refused(&EVERYTHING.replace(from, to));
    insta::assert_snapshot!(without("sqlRequest: tenant_policies", "sqlRequest: 'Tenant policies'"), @"1:13 `Tenant policies` is no name for a SQL request / Use at most 63 lower-case letters, digits and `_`");
    insta::assert_snapshot!(without("sqlRequest: tenant_policies", "sqlRequest: policies"), @"1:13 File `tenant_policies.yaml` holds the SQL request `policies` / Rename the file to `policies.yaml`");
    insta::assert_snapshot!(without("sqlRequest: tenant_policies", "sqlrequest: tenant_policies"), @"
    1:1 Unknown key `sqlrequest` / Did you mean `sqlRequest`?
    1:1 `sqlRequest` is missing / Add `sqlRequest`
    ");
    insta::assert_snapshot!(without("touches: [orders, billing.invoices]\n", ""), @"1:1 `touches` is missing / Add `touches`");
    insta::assert_snapshot!(without("[orders, billing.invoices]", "[orders, .invoices]"), @"3:19 `touches[.invoices]` is not a name: `.invoices` / Write `name` or `schema.name`");
    insta::assert_snapshot!(without("touches: [orders, billing.invoices]", "touches: []"), @"3:10 `touches` is an empty list / Name at least one");
    insta::assert_snapshot!(without("down: |", "irreversible: Rows\ndown: |"), @"8:15 `down` and `irreversible` exclude each other / Remove one of them");
    insta::assert_snapshot!(without("down: |\n  DROP POLICY tenant ON orders;\n", ""), @"1:1 The way back is missing / Add `down` with the SQL that undoes `up`, or `irreversible` and why nothing does");
    insta::assert_snapshot!(without("owner: platform", "columns: []"), @"2:1 Unknown key `columns` / Remove it, or write `sqlRequest`, `owner`, `touches`, `up`, `down`, `irreversible`, `waivers` or `requestMetadata`");
    insta::assert_snapshot!(without("requestedBy: ann", "reqestedBy: ann"), @"12:19 Unknown key `reqestedBy` / Did you mean `requestedBy`?");
}

proptest! {
    #[test]
    fn whatever_is_cut_out_or_put_in_is_read_without_panic(
        cut in 0..EVERYTHING.len(),
        junk in "[\\[\\]{}:,'\"\n a-z0-9&*!|>%@`#-]{0,30}",
        keep in 0..EVERYTHING.len(),
    ) {
        let text = format!("{}{junk}{}", &EVERYTHING[..cut], &EVERYTHING[keep..]);
        let refusals = match parse_file("schema-requests/tenant_policies.yaml", &File::regular(text.as_str())) {
            ParsedFile::Sql(parsed) => parsed.refusals,
            ParsedFile::Declarations(parsed) => parsed.refusals,
            ParsedFile::Request(parsed) => parsed.refusals,
        };
        for refusal in refusals {
            prop_assert!(text.get(refusal.span.range()).is_some_and(|shown| !shown.is_empty()), "{:?}", refusal);
        }
    }
}
