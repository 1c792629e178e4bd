"""The project file: schema, repositories, working copy, save protocol. Only room with SQLAlchemy."""
