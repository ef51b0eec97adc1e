from desk.bundles.pages import BundleAdmin

__all__ = ["BundleAdmin"]
