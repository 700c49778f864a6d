namespace ResLora.Experiments.Comparing;

/// <summary>Trains one run of a comparison.</summary>
internal interface IRunTrainer
{
    /// <summary>Where it trains, to stand behind a run's title; empty where there is one place alone.</summary>
    string Place => "";

    /// <summary>Trains a run to its end.</summary>
    /// <param name="run">The run.</param>
    /// <param name="resume">Whether it was begun and goes on.</param>
    /// <param name="stop">Ends it with a checkpoint.</param>
    /// <returns>What only its process knows.</returns>
    /// <exception cref="Formats.Errors.ResLoraException">Settings or files cannot be used.</exception>
    /// <exception cref="RunFailedException">It failed.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    RunRecord Train(PlannedRun run, bool resume, CancellationToken stop);
}
