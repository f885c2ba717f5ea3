//! The request that travels.

/// Three violations: line 6 has a column in camel case, line 7 a VARCHAR, line 8 a time without a zone.
pub(crate) const FIRST_DRAFT: &str = "\
tableName: notes
owner: writers
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, nullable: false, defaultValue: gen_random_uuid()}
    - {name: noteTitle, type: TEXT, nullable: false}
    - {name: body, type: VARCHAR(2000), nullable: false}
    - {name: created_at, type: TIMESTAMP, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_notes_created_at, columns: [created_at]}
    - {name: idx_notes_updated_at, columns: [updated_at]}
requestMetadata:
  requestedBy: Ann of the writers
  requestedByUsername: rita
  justification: Writers lose their notes between two sessions
  relatedIssue: 42
  requestedAt: 2026-01-02T03:04:05Z
";

/// The same without them.
pub(crate) fn corrected() -> String {
    FIRST_DRAFT
        .replace("noteTitle", "note_title")
        .replace("VARCHAR(2000)", "TEXT")
        .replace("type: TIMESTAMP,", "type: TIMESTAMPTZ,")
}

/// A request of somebody else, with nothing to say about it.
pub(crate) fn another(table: &str) -> String {
    corrected().replace("notes", table).replace("2026-01-02", "2026-01-01").replace("rita", "otto")
}

/// A table of teams, which [`refers_to_teams`] needs.
pub(crate) fn teams() -> String {
    another("teams")
}

/// A table of notes that belong to teams.
pub(crate) fn refers_to_teams() -> String {
    let column = "    - {name: team_id, type: UUID, nullable: false, references: {table: teams, column: id}}\n";
    let index = "    - {name: idx_notes_team_id, columns: [team_id]}\n";
    corrected()
        .replace("    - {name: note_title", &format!("{column}    - {{name: note_title"))
        .replace("  indexes:\n", &format!("  indexes:\n{index}"))
        .replace("2026-01-02", "2026-01-03")
}
