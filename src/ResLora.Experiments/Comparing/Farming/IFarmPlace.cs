using ResLora.Training.Distributed;

namespace ResLora.Experiments.Comparing.Farming;

/// <summary>A rank, as number 0 sees it: it does one task at a time.</summary>
internal interface IFarmPlace
{
    /// <summary>Which it is, and its host.</summary>
    string Name { get; }

    /// <summary>Has a task done, after those that others have asked for.</summary>
    /// <param name="task">The task.</param>
    /// <param name="stop">Asks for its end, which is waited for.</param>
    /// <returns>What came of it.</returns>
    /// <exception cref="RanksException">The rank is lost.</exception>
    FarmAnswer Do(FarmTask task, CancellationToken stop);
}
