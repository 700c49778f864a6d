namespace ResLora.Training.Merging;

/// <summary>What merging costs on a part of the examples, such as a band of timesteps.</summary>
/// <param name="Name">The part's name, one of <see cref="Objectives.Objective.Parts"/>.</param>
/// <param name="LossUnmerged">Mean loss of the unmerged model on it.</param>
/// <param name="LossMerged">Mean loss of the merged model on it.</param>
public sealed record PartLoss(string Name, double LossUnmerged, double LossMerged);
