"""Yijian (一检): examined once, recognised everywhere."""
