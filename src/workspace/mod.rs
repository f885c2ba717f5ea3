//! The working tree: reads governed files, writes generated ones whole.
