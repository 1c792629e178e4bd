"""The project file: schema, repositories, save protocol. Only room with SQLAlchemy."""
