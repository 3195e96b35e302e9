"""The issue builder: content in, edition or problems out. Pure: no database, no network, no clock."""
