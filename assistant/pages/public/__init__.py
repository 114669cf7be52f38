"""Pages for whoever thinks of joining, and for carriers' reviewers: nobody signs in, and nobody is named."""
