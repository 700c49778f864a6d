namespace ResLora.Text.Data;

/// <summary>The part of a data set that is read.</summary>
public enum TaskSplit
{
    /// <summary>For training.</summary>
    Train,

    /// <summary>For choosing between checkpoints and settings.</summary>
    Validation,

    /// <summary>For the final score only: what is chosen on it is no longer a test.</summary>
    Test,
}
