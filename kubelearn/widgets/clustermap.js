// ClusterMap: the map as it is now.

export default live("map", ClusterMapView);
