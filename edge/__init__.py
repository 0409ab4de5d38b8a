"""What runs on the device: camera → segment → refine → matte → composite → show."""
