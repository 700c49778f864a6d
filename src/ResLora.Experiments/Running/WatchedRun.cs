using ResLora.Experiments.Workloads;
using ResLora.Training;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Running;

/// <summary>A run that is about to begin, for somebody who looks at its model between two steps.</summary>
/// <param name="Session">The model with its adapter, borrowed.</param>
/// <param name="Objective">What it is trained for.</param>
/// <param name="Data">The examples.</param>
/// <param name="Folder">The run's folder.</param>
internal sealed record WatchedRun(ModelSession Session, Objective Objective, EncodedData Data, RunFolder Folder);
