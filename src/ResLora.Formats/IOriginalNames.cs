namespace ResLora.Formats;

/// <summary>A network whose layers have other names in checkpoints of the library that it was first written for.</summary>
public interface IOriginalNames
{
    /// <summary>The original name of a layer.</summary>
    /// <param name="layer">The network's own dotted name.</param>
    /// <returns>The other name, without that of the network's part; null where there is none.</returns>
    string? OriginalName(string layer);
}
