"""The photo booth. Below the web: event folder, gallery, developing, printing, sharing, each a plain blocking class."""
