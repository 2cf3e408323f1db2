"""The local bank: a server with Column's API that plays a generated world, for tests, demos and measurements.

It knows nothing of the platform and shares nothing with it but the world's folder and HTTP.
"""
