# Both targets install what they need; nothing has to be prepared.

.PHONY: demo test

# Checks this repository's own schema-requests/. No database, no token.
demo:
	@scripts/demo

# Every check and every test: what a developer runs before a commit, and what CI runs.
test:
	@scripts/test
