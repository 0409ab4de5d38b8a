"""From a rough mask to a soft alpha: guided filter, trimap, KNN matting, foreground colours."""
