//! The examples that people copy.

use schema_registry::{
    model::{File, Request},
    parse::{parse_request, set_requested_at},
};

fn requests() -> Vec<Request> {
    let read = |(path, text): (String, String)| {
        let parsed = parse_request(&path, &File::regular(text));
        assert_eq!(parsed.refusals, [], "{path}");
        parsed.request.expect("nothing is refused")
    };
    super::examples().into_iter().map(read).collect()
}

#[test]
fn every_example_is_accepted_and_complete() {
    let requests = requests();
    let names: Vec<&str> = requests.iter().map(|request| request.table.name.as_str()).collect();
    assert_eq!(names, ["caricatures", "generated_images", "notifications", "user_affinities", "users"]);
    for request in requests {
        let metadata = &request.metadata;
        assert!(request.owner.is_some() && metadata.justification.is_some(), "{}", request.path);
        assert!(metadata.related_issue.is_some() && metadata.requested_at.is_some(), "{}", request.path);
    }
}

#[test]
fn examples_are_requested_after_what_they_refer_to() {
    let requests = requests();
    let at = |request: &Request| request.metadata.requested_at.as_ref().expect("it is given").value;
    for request in &requests {
        for reference in request.schema.columns.iter().filter_map(|column| column.references.as_ref()) {
            let referenced =
                requests.iter().find(|other| other.table == reference.table).expect("it is an example, too");
            assert!(at(referenced) < at(request), "{}", request.path);
        }
    }
}

#[test]
fn stamping_an_example_changes_one_line() {
    let later = chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("in range");
    for (path, text) in super::examples() {
        let stamped =
            String::from_utf8(set_requested_at(text.as_bytes(), later).expect("it can be edited")).expect("UTF-8");
        let changed: Vec<_> = text.lines().zip(stamped.lines()).filter(|(old, new)| old != new).collect();
        assert_eq!(changed.len(), 1, "{path}");
        assert_eq!(changed[0].1, "  requestedAt: 2027-01-15T08:00:00Z");
        assert_eq!(text.lines().count(), stamped.lines().count());
    }
}
