namespace ResLora.Formats.Peft;

/// <summary>
/// A network that says what PEFT makes of it. Adapters have the names of the modules that the library ran them on, and these are not always
/// the names in checkpoints.
/// </summary>
public interface IPeftNetwork
{
    /// <summary>Whether PEFT has a task for such networks, as it has for texts (<c>task_type</c>).</summary>
    bool HasPeftTask { get; }

    /// <summary>The name that PEFT's adapters have for a module or a parameter.</summary>
    /// <param name="name">The network's own dotted name.</param>
    /// <returns>PEFT's name.</returns>
    string PeftName(string name);

    /// <summary>The network's own name of a module or a parameter in an adapter.</summary>
    /// <param name="name">PEFT's dotted name; one that is the network's own stays as it is.</param>
    /// <returns>The own name.</returns>
    string OwnName(string name);
}
