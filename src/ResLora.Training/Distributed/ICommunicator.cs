namespace ResLora.Training.Distributed;

/// <summary>
/// The processes that train one run together. All of them make the same calls in the same order; each call waits for the others.
/// </summary>
public interface ICommunicator
{
    /// <summary>The process's number, from 0. Only number 0 writes.</summary>
    int Rank { get; }

    /// <summary>Whether a thing holds in one process at least: what they must agree on, such as to stop.</summary>
    /// <param name="holds">Whether it holds in this one.</param>
    /// <returns>The same in all processes.</returns>
    bool Any(bool holds);
}
