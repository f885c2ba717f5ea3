//! The requests that the registry was conceived with, as JSON, which is YAML.

use super::support::{evaluate, path};

const CARICATURES: &str = r#"{
  "tableName": "caricatures",
  "owner": "omega-bot",
  "schemaJson": {
    "tableName": "caricatures",
    "columns": [
      {"name": "id", "type": "UUID", "primaryKey": true, "nullable": false, "defaultValue": "gen_random_uuid()"},
      {"name": "user_id", "type": "TEXT", "nullable": false},
      {"name": "username", "type": "TEXT", "nullable": true},
      {"name": "image_url", "type": "TEXT", "nullable": false},
      {"name": "description", "type": "TEXT", "nullable": true},
      {"name": "created_at", "type": "TIMESTAMPTZ", "nullable": false, "defaultValue": "CURRENT_TIMESTAMP"}
    ],
    "indexes": [
      {"name": "idx_caricatures_user_id", "columns": ["user_id"]},
      {"name": "idx_caricatures_created_at", "columns": ["created_at"]}
    ]
  },
  "requestMetadata": {
    "requestedBy": "omega",
    "requestedByUsername": "omega-bot",
    "justification": "Store user caricature images",
    "relatedIssue": "676",
    "requestedAt": 1701792000
  }
}
"#;

const GENERATED_IMAGES: &str = r#"{
  "tableName": "generated_images",
  "owner": "omega-bot",
  "schemaJson": {
    "tableName": "generated_images",
    "columns": [
      {"name": "id", "type": "UUID", "primaryKey": true, "nullable": false, "defaultValue": "gen_random_uuid()"},
      {"name": "user_id", "type": "TEXT", "nullable": false},
      {"name": "image_url", "type": "TEXT", "nullable": false},
      {"name": "prompt", "type": "TEXT", "nullable": false},
      {"name": "metadata", "type": "JSONB", "nullable": true},
      {"name": "created_at", "type": "TIMESTAMPTZ", "nullable": false, "defaultValue": "CURRENT_TIMESTAMP"},
      {"name": "updated_at", "type": "TIMESTAMPTZ", "nullable": false, "defaultValue": "CURRENT_TIMESTAMP"}
    ],
    "indexes": [
      {"name": "idx_generated_images_user_id", "columns": ["user_id"]},
      {"name": "idx_generated_images_created_at", "columns": ["created_at"]},
      {"name": "idx_generated_images_metadata", "columns": ["metadata"], "type": "GIN"}
    ]
  },
  "requestMetadata": {
    "requestedBy": "omega",
    "justification": "Store AI-generated images",
    "relatedIssue": "674",
    "requestedAt": 1701792000
  }
}
"#;

fn found(table: &str, text: &str) -> Vec<String> {
    let violations = evaluate(&[], &[(&path(table), text)]);
    let of_shape = violations.iter().filter(|found| found.rule != "stale-migration");
    of_shape
        .map(|found| format!("{} {} {}: {}", found.location.start.line, found.severity, found.rule, found.message))
        .collect()
}

#[test]
fn requests_of_the_seed_get_its_answers() {
    assert_eq!(
        found("caricatures", CARICATURES),
        ["6 warning missing-updated-at: Table is missing updated_at timestamp column"]
    );
    assert_eq!(
        found("generated_images", GENERATED_IMAGES),
        ["13 notice unindexed-common-column: Common column `updated_at` has no index"]
    );
}
