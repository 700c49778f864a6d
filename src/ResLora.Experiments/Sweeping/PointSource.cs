namespace ResLora.Experiments.Sweeping;

/// <summary>Which points of all that the values make are trained.</summary>
public enum PointSource
{
    /// <summary>Every one.</summary>
    Grid,

    /// <summary>As many as the budget says, drawn at random, each once.</summary>
    Random,
}
